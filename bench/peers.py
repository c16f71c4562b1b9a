"""PyTorch and JAX behind the line protocol of protocol.mjs: `python peers.py torch|torch-compile|jax|limit-torch`."""

import json
import math
import os
import resource
import sys
import time

from jax_engine import jax_engine
from torch_engine import torch_engine
from uniform import CHECKED_STEPS

ENGINE = sys.argv[1]


def peak_mib():
    try:
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def limit_engine(workload, threads):
    """The matrix products of the step alone, outputs preallocated."""
    import torch

    torch.set_num_threads(threads)

    tensors = {}

    def tensor(rows, columns, transposed, slot):
        shape = (columns, rows) if transposed else (rows, columns)
        if (shape, slot) not in tensors:
            tensors[shape, slot] = torch.rand(shape)
        value = tensors[shape, slot]
        return value.t() if transposed else value

    products = [
        (tensor(p["m"], p["k"], p["transposeX"], 0), tensor(p["k"], p["n"], p["transposeY"], 1), tensor(p["m"], p["n"], False, 2))
        for p in workload["products"]
    ]

    def run(steps):
        for _ in range(steps):
            for x, y, out in products:
                torch.mm(x, y, out=out)

    return None, run, "torch.mm"


def build(workload, threads, gpu):
    if ENGINE == "jax":
        return jax_engine(workload)
    if ENGINE == "limit-torch":
        return limit_engine(workload, threads)
    return torch_engine(workload, threads, compiled=ENGINE == "torch-compile", device="cuda" if gpu else "cpu")


def first_losses(check_at, steps):
    """The losses of the first steps, and what the very first took beyond the second, as `firstLosses` of protocol.mjs."""
    start = time.perf_counter()
    losses = [check_at(0)]
    first_ms = (time.perf_counter() - start) * 1000
    for step in range(1, steps):
        begun = time.perf_counter()
        losses.append(check_at(step))
        if step == 1:
            first_ms -= (time.perf_counter() - begun) * 1000
    # JSON has no NaN; JavaScript writes it as null.
    return {"checks": [loss if math.isfinite(loss) else None for loss in losses], "compileMs": first_ms}


def main():
    # Stdout carries the protocol alone; libraries that print go to stderr.
    protocol = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    run = None
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if request["do"] == "setup":
                workload = request["workload"]
                check_at, run, note = build(workload, request["variant"]["threads"], request["variant"]["gpu"])
                steps = CHECKED_STEPS if workload["trains"] else 1
                answer = {"note": note, **(first_losses(check_at, steps) if check_at else {"checks": []})}
            elif request["do"] == "round":
                start, used = time.perf_counter(), time.process_time()
                run(request["steps"])
                answer = {"ms": (time.perf_counter() - start) * 1000, "cpuMs": (time.process_time() - used) * 1000}
            else:
                answer = {"peakMiB": peak_mib()}
        except Exception as error:  # noqa: BLE001  the harness prints the reason beside the engine's name
            answer = {"absent": f"{type(error).__name__}: {str(error).strip().splitlines()[0] if str(error).strip() else ''}"}
        protocol.write(json.dumps(answer) + "\n")


main()
