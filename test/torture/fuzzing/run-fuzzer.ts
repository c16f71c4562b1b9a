/** Runs the cases of a fuzzer in processes that are watched: one that hangs, runs out of memory or dies is a finding. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { Problem } from "./fuzz-process.ts";

const jiti = join(dirname(createRequire(import.meta.url).resolve("jiti/package.json")), "lib/jiti-cli.mjs");
const program = join(import.meta.dirname, "fuzz-process.ts");

/** Heap of a process, in MiB; its memory as a whole is bounded too. */
const HEAP = 768;
/** Time for one case, for a process to load, and between two looks at it, in ms. */
const [HANG, LOAD, LOOK] = [5000, 60_000, 100];

export interface FuzzRequest {
  /** A module that exports `fuzzers`. */
  readonly module: string;
  readonly name: string;
  readonly seed: number;
  readonly first: number;
  readonly end: number;
  /** Date.now() after which no case begins. */
  readonly until?: number;
  /** Time for one case. */
  readonly hangMs?: number;
}

export interface FuzzResult {
  readonly cases: number;
  /** How many were read, not refused. */
  readonly read: number;
  /** One of each kind. */
  readonly findings: readonly Problem[];
}

/** Cases that are found wanting are looked at again on their own: what others left behind is not their fault. */
export async function runFuzzer(request: FuzzRequest): Promise<FuzzResult> {
  const { first, end, until = Infinity } = request;
  const findings = new Map<string, Problem>();
  let next = first;
  let read = 0;
  while (next < end && Date.now() < until) {
    const part = await watched({ ...request, first: next });
    for (const problem of part.problems) {
      if (findings.has(kindOf(problem))) continue;
      const alone = await watched({ ...request, first: problem.index, end: problem.index + 1, until: Infinity });
      for (const again of alone.problems) findings.set(kindOf(again), again);
    }
    next = part.next;
    read += part.read;
  }
  return { cases: next - first, read, findings: [...findings.values()] };
}

/** Problems of one message, numbers aside, from one line of code. */
const kindOf = ({ problem }: Problem): string =>
  problem
    .split("\n", 3)
    .join("\n")
    .replaceAll(/latentkit-torture-\w+|\d+/g, "0");

/** Runs cases in one process, up to the first that ends it. */
async function watched({ module, name, seed, first, end, until = Infinity, hangMs = HANG }: FuzzRequest) {
  const folder = mkdtempSync(join(tmpdir(), "latentkit-torture-"));
  const child = spawn(
    process.execPath,
    [`--max-old-space-size=${HEAP}`, jiti, program, module, name, ...[seed, first, end].map(String), folder],
    { stdio: ["ignore", "ignore", "pipe", "ipc"], env: { ...process.env, NODE_ENV: "test" } },
  );
  const problems: Problem[] = [];
  child.on("message", (problem: Problem) => problems.push(problem));
  let said = "";
  child.stderr!.setEncoding("utf8").on("data", (text: string) => (said = (said + text).slice(-2000)));
  const exited = once(child, "close").then(() => true);
  const status = (): readonly [index: number, read: number] => {
    const file = join(folder, "case");
    const bytes = existsSync(file) ? readFileSync(file) : Buffer.alloc(0);
    return bytes.length === 16 ? [bytes.readDoubleLE(0), bytes.readDoubleLE(8)] : [Number.NaN, 0];
  };
  try {
    let seen = { index: Number.NaN, since: Date.now() };
    while (!(await Promise.race([exited, setTimeout(LOOK, false)]))) {
      const [index, read] = status();
      if (!Object.is(index, seen.index)) seen = { index, since: Date.now() };
      const limit = Number.isNaN(index) ? LOAD : hangMs;
      if (Date.now() - seen.since > limit) {
        if (Number.isNaN(index)) throw new Error(`torture: ${name} does not load, got nothing in ${LOAD} ms: ${said}`);
        problems.push({ index, problem: `no end within ${hangMs} ms` });
        await ended(child, exited);
      } else if (Date.now() > until) {
        await ended(child, exited);
        return { problems, read, next: Number.isNaN(index) ? first : index };
      }
    }
    const [index, read] = status();
    if (Number.isNaN(index)) throw new Error(`torture: ${name} does not load: ${said}`);
    if (index < end && !problems.some((problem) => problem.index === index))
      problems.push({ index, problem: `the process died (${child.signalCode ?? child.exitCode}): ${said}` });
    return { problems, read, next: Math.min(end, index + 1) };
  } finally {
    await ended(child, exited);
    rmSync(folder, { recursive: true, force: true });
  }
}

async function ended(child: ChildProcess, exited: Promise<unknown>): Promise<void> {
  child.kill("SIGKILL");
  await exited;
}
