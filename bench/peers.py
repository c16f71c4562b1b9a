"""PyTorch and JAX behind the line protocol of protocol.mjs: `python peers.py torch|torch-compile|jax|limit-torch`.

Each network is written as the library's users write it: torch.nn modules with fused Adam; pure JAX functions with jit,
channels-last images and donated state. Weights and batches come from the same integer hash as workloads.mjs.
"""

import json
import math
import os
import resource
import sys
import time

from uniform import fill

ENGINE = sys.argv[1]
CHECKED_STEPS = 5


def peak_mib():
    try:
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def torch_engine(workload, threads, compiled):
    import torch
    from torch import nn
    from torch.nn import functional as F

    import families

    torch.set_num_threads(threads)
    torch.manual_seed(0)

    def parameters():
        for spec in workload["parameters"]:
            value = torch.from_numpy(fill(spec))
            # torch.nn.Linear stores [out, in].
            yield value.t().contiguous() if value.ndim == 2 else value

    values = parameters()

    def given(module):
        with torch.no_grad():
            module.weight.copy_(next(values))
            module.bias.copy_(next(values))
        return module

    def linear(inputs, outputs):
        return given(nn.Linear(inputs, outputs))

    class VAE(nn.Module):
        def __init__(self, encoder, decoder):
            super().__init__()
            self.encoder, self.decoder = encoder, decoder

        def forward(self, x, noisy):
            mean, log_var = self.encoder(x).chunk(2, dim=1)
            z = mean + torch.exp(0.5 * log_var) * torch.randn_like(mean) if noisy else mean
            distortion = F.binary_cross_entropy_with_logits(self.decoder(z), x, reduction="sum")
            rate = -0.5 * torch.sum(1 + log_var - mean.square() - log_var.exp())
            return (distortion + rate) / x.shape[0]

    class Regression(nn.Module):
        def __init__(self, network):
            super().__init__()
            self.network = network

        def forward(self, x, target, noisy):
            return F.mse_loss(self.network(x), target)

    class Residual(nn.Module):
        def __init__(self, convolution):
            super().__init__()
            self.convolution = convolution

        def forward(self, x):
            return x + F.relu(self.convolution(x))

    class Decode(nn.Module):
        def __init__(self, network):
            super().__init__()
            self.network = network

        def forward(self, z, noisy):
            return torch.sigmoid(self.network(torch.randn_like(z) if noisy else z))

    class Encode(nn.Module):
        def __init__(self, network):
            super().__init__()
            self.network = network

        def forward(self, x, noisy):
            return self.network(x)

    kind = workload["kind"]
    if kind == "vae-mlp":
        encoder = nn.Sequential(linear(784, 400), nn.ReLU(), linear(400, 40))
        model = VAE(encoder, nn.Sequential(linear(20, 400), nn.ReLU(), linear(400, 784)))
    elif kind == "vae-conv":
        encoder = nn.Sequential(
            given(nn.Conv2d(1, 32, 4, 2, 1)), nn.ReLU(), given(nn.Conv2d(32, 64, 4, 2, 1)), nn.ReLU(),
            nn.Flatten(), linear(64 * 7 * 7, 40),
        )  # fmt: skip
        decoder = nn.Sequential(
            linear(20, 64 * 7 * 7), nn.ReLU(), nn.Unflatten(1, (64, 7, 7)),
            given(nn.ConvTranspose2d(64, 32, 4, 2, 1)), nn.ReLU(), given(nn.ConvTranspose2d(32, 1, 4, 2, 1)),
        )  # fmt: skip
        model = VAE(encoder, decoder)
    elif kind == "residual":
        model = Regression(nn.Sequential(*[Residual(given(nn.Conv2d(64, 64, 3, 1, 1))) for _ in range(8)]))
    elif kind == "mlp":
        model = Regression(nn.Sequential(linear(2, 64), nn.ReLU(), linear(64, 64), nn.ReLU(), linear(64, 2)))
    elif kind == "encode":
        model = Encode(nn.Sequential(linear(784, 400), nn.ReLU(), linear(400, 40)))
    elif kind == "sample":
        model = Decode(nn.Sequential(linear(20, 400), nn.ReLU(), linear(400, 784)))
    else:
        model = families.build(kind)

    rings = [list(torch.from_numpy(fill(spec))) for spec in workload["data"]]
    network = torch.compile(model) if compiled else model
    optimizer = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=1e-3, fused=True)
    fixed_noise = [torch.from_numpy(fill(spec)) for spec in workload.get("noise", [])]
    distributions = {"normal": torch.randn, "uniform": torch.rand}

    def call(step, noisy):
        batch = [ring[step % len(ring)] for ring in rings]
        if kind not in families.networks:
            return network(*batch, noisy=noisy)
        # Sampled outside, so that the check and the timed steps are one compiled graph.
        noise = [distributions[spec["distribution"]](spec["shape"]) for spec in workload["noise"]] if noisy else fixed_noise
        return network(*batch, *noise)

    def train(step, noisy):
        optimizer.zero_grad()
        loss = call(step, noisy)
        loss.backward()
        optimizer.step()
        return loss

    def forward(step, noisy):
        with torch.inference_mode():
            return call(step, noisy)

    position = CHECKED_STEPS

    def check_at(step):
        if not workload["trains"]:
            return forward(step, False).square().mean().item()
        return train(step, False).item()

    def run(steps):
        nonlocal position
        for position in range(position, position + steps):
            if workload["trains"]:
                train(position, True)
            else:
                forward(position, True)
        position += 1

    note = f"PyTorch {torch.__version__}, fused Adam, {threads} threads"
    return check_at, run, note


def jax_engine(workload):
    from functools import partial

    import jax
    import jax.numpy as jnp
    from jax import lax, nn, random

    parameters = []
    for spec in workload["parameters"]:
        value = fill(spec)
        # Kernels as flax keeps them: [kh, kw, in, out] for both kinds of convolution.
        if value.ndim == 4:
            value = value.transpose(2, 3, 0, 1)[::-1, ::-1] if "decoder" in spec["name"] else value.transpose(2, 3, 1, 0)
        parameters.append(jnp.asarray(value))

    def prepared(spec):
        value = fill(spec)
        return [jnp.asarray(x) for x in (value.transpose(0, 1, 3, 4, 2) if value.ndim == 5 else value)]

    rings = [prepared(spec) for spec in workload["data"]]
    layout = ("NHWC", "HWIO", "NHWC")

    def dense(x, w, b):
        return x @ w + b

    def conv(x, w, b, stride):
        padding = [(1, 1), (1, 1)]
        return lax.conv_general_dilated(x, w, (stride, stride), padding, dimension_numbers=layout) + b

    def conv_transpose(x, w, b):
        # Stride 2, kernel 4, padding 1 in PyTorch's terms: exactly "SAME".
        return lax.conv_transpose(x, w, (2, 2), "SAME", dimension_numbers=layout) + b

    def reparameterized(mean, log_var, key):
        noise = jnp.zeros_like(mean) if key is None else random.normal(key, mean.shape)
        return mean + jnp.exp(0.5 * log_var) * noise

    def neg_elbo(x, logits, mean, log_var):
        distortion = jnp.sum(nn.softplus(logits) - x * logits)
        rate = -0.5 * jnp.sum(1 + log_var - mean**2 - jnp.exp(log_var))
        return (distortion + rate) / x.shape[0]

    def vae_mlp(p, x, key):
        w0, b0, w1, b1, w2, b2, w3, b3 = p
        mean, log_var = jnp.split(dense(nn.relu(dense(x, w0, b0)), w1, b1), 2, axis=1)
        return neg_elbo(x, dense(nn.relu(dense(reparameterized(mean, log_var, key), w2, b2)), w3, b3), mean, log_var)

    def vae_conv(p, x, key):
        w0, b0, w1, b1, w2, b2, w3, b3, w4, b4, w5, b5 = p
        h = nn.relu(conv(nn.relu(conv(x, w0, b0, 2)), w1, b1, 2))
        h = h.transpose(0, 3, 1, 2).reshape(x.shape[0], -1)
        mean, log_var = jnp.split(dense(h, w2, b2), 2, axis=1)
        h = nn.relu(dense(reparameterized(mean, log_var, key), w3, b3))
        h = h.reshape(-1, 64, 7, 7).transpose(0, 2, 3, 1)
        return neg_elbo(x, conv_transpose(nn.relu(conv_transpose(h, w4, b4)), w5, b5), mean, log_var)

    def residual(p, x, target, key):
        h = x
        for w, b in zip(p[::2], p[1::2]):
            h = h + nn.relu(conv(h, w, b, 1))
        return jnp.mean((h - target) ** 2)

    def mlp(p, x, target, key):
        w0, b0, w1, b1, w2, b2 = p
        h = nn.relu(dense(nn.relu(dense(x, w0, b0)), w1, b1))
        return jnp.mean((dense(h, w2, b2) - target) ** 2)

    def encode(p, x, key):
        w0, b0, w1, b1 = p
        return dense(nn.relu(dense(x, w0, b0)), w1, b1)

    def sample(p, z, key):
        w0, b0, w1, b1 = p
        z = z if key is None else random.normal(key, z.shape)
        return nn.sigmoid(dense(nn.relu(dense(z, w0, b0)), w1, b1))

    networks = {
        "vae-mlp": vae_mlp, "vae-conv": vae_conv, "residual": residual, "mlp": mlp, "encode": encode, "sample": sample,
    }  # fmt: skip
    network = networks[workload["kind"]]

    def adam(p, m, v, g, t):
        m = 0.9 * m + 0.1 * g
        v = 0.999 * v + 0.001 * g * g
        return p - 1e-3 * (m / (1 - 0.9**t)) / (jnp.sqrt(v / (1 - 0.999**t)) + 1e-8), m, v

    @partial(jax.jit, donate_argnums=0, static_argnums=1)
    def train(state, noisy, *batch):
        p, m, v, t, key = state
        key, sample_key = random.split(key)
        loss, gradients = jax.value_and_grad(network)(p, *batch, sample_key if noisy else None)
        t = t + 1
        updated = [adam(*leaf, t) for leaf in zip(p, m, v, gradients)]
        p, m, v = (list(part) for part in zip(*updated))
        return (p, m, v, t, key), loss

    @partial(jax.jit, static_argnums=2)
    def forward(p, key, noisy, *batch):
        key, sample_key = random.split(key)
        return network(p, *batch, sample_key if noisy else None), key

    zeros = lambda: [jnp.zeros_like(p) for p in parameters]  # noqa: E731
    state = (parameters, zeros(), zeros(), jnp.float32(0), random.key(0))
    key = random.key(1)
    position = CHECKED_STEPS

    def batch(step):
        return [ring[step % len(ring)] for ring in rings]

    def check_at(step):
        nonlocal state
        if not workload["trains"]:
            return float(jnp.mean(jnp.square(forward(parameters, key, False, *batch(step))[0])))
        state, loss = train(state, False, *batch(step))
        return float(loss)

    def run(steps):
        nonlocal state, key, position
        for position in range(position, position + steps):
            if workload["trains"]:
                state, result = train(state, True, *batch(position))
            else:
                result, key = forward(parameters, key, True, *batch(position))
        position += 1
        jax.block_until_ready((state, result))

    return check_at, run, f"JAX {jax.__version__}, jit, donated state, channels-last"


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


def build(workload, threads):
    if ENGINE == "jax":
        return jax_engine(workload)
    if ENGINE == "limit-torch":
        return limit_engine(workload, threads)
    return torch_engine(workload, threads, compiled=ENGINE == "torch-compile")


def first_losses(check_at, steps):
    """The losses of the first steps, and the time of the very first, as `firstLosses` of protocol.mjs."""
    start = time.perf_counter()
    losses = [check_at(0)]
    first_ms = (time.perf_counter() - start) * 1000
    losses += [check_at(step) for step in range(1, steps)]
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
                check_at, run, note = build(workload, request["variant"]["threads"])
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
