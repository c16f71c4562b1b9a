/**
 * The worker's side of the line protocol: one JSON request a line on stdin, one JSON answer a line on stdout.
 *
 *   {"do": "setup", "workload": {...}, "variant": {...}} -> {"checks": [loss, ...], "compileMs": 412.3, "note": "..."} or {"absent": "why"}
 *   {"do": "round", "steps": 20}                         -> {"ms": 61.2, "cpuMs": 118.5}
 *   {"do": "memory"}                                     -> {"peakMiB": 210.4}
 *
 * The end of stdin ends the process. `peers.py` speaks the same lines.
 *
 * @typedef {import("./workloads.mjs").Workload} Workload
 * @typedef {object} Engine
 * @property {() => Promise<Checked>} check the losses of the first `CHECKED_STEPS` training steps on batches 0, 1, ... with zero noise, or the
 *   workload's; for a forward pass, the mean square of its output on batch 0
 * @property {(steps: number) => Promise<void>} run continues with fresh noise and returns when the work is finished
 * @property {string} [note] caveat for readers of the results
 * @typedef {{ checks: number[], compileMs?: number }} Checked `compileMs`: from building the step's graph, if any, to the end of the first step, less the time of a second
 * @typedef {object} Variant
 * @property {number} threads
 * @property {boolean} [gpu] WebGPU for Latentkit, CUDA for PyTorch
 * @property {boolean} [loss] whether Latentkit computes the loss in every step
 * @property {string[]} [without] rewrites of the graph that Latentkit leaves out
 */
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { CHECKED_STEPS } from "./workloads.mjs";

/** Peak resident memory of this process in MiB. */
function peakMiB() {
  try {
    const match = /VmHWM:\s+(\d+) kB/.exec(readFileSync("/proc/self/status", "utf8"));
    if (match) return Number(match[1]) / 1024;
  } catch {
    // Only Linux has /proc.
  }
  return process.resourceUsage().maxRSS / 1024;
}

/** Seconds after which a slow engine is checked by the losses it has. */
const CHECK_SECONDS = 20;

/**
 * The losses of the first steps, and what the very first took beyond the second: compiling, and all that a first step initializes.
 * @param {(step: number) => number | Promise<number>} lossAt makes a step and returns its loss
 */
export async function firstLosses(lossAt, steps = CHECKED_STEPS) {
  const start = performance.now();
  const checks = [await lossAt(0)];
  let firstMs = performance.now() - start;
  while (checks.length < steps && performance.now() - start < CHECK_SECONDS * 1000) {
    const begun = performance.now();
    checks.push(await lossAt(checks.length));
    if (checks.length === 2) firstMs -= performance.now() - begun;
  }
  return { checks, firstMs };
}

/**
 * Answers requests until stdin ends.
 * @param {(workload: Workload, variant: Variant) => Promise<Engine>} build
 */
export async function serve(build) {
  // Stdout carries the protocol alone; libraries that print go to stderr.
  console.log = console.error;
  console.info = console.error;
  /** @type {Engine | undefined} */
  let engine;
  for await (const line of createInterface({ input: process.stdin })) {
    const request = JSON.parse(line);
    let answer;
    try {
      if (request.do === "setup") {
        engine = await build(request.workload, request.variant);
        answer = { ...(await engine.check()), note: engine.note ?? "" };
      } else if (request.do === "round") {
        const start = performance.now();
        const used = process.cpuUsage();
        await engine?.run(request.steps);
        const { user, system } = process.cpuUsage(used);
        answer = { ms: performance.now() - start, cpuMs: (user + system) / 1000 };
      } else {
        answer = { peakMiB: peakMiB() };
      }
    } catch (error) {
      answer = { absent: error instanceof Error ? error.message : String(error) };
    }
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  }
  process.exit(0);
}
