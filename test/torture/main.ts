/** Damaged files for every reader, killed runs and full disks, until time is up: see README.md beside this file. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { table } from "../../src/cli/output/table.ts";
import { install, type Installed } from "../e2e/install.ts";
import { fuzzers } from "./fuzzers/index.ts";
import { caseFile, type Fuzzer } from "./fuzzing/fuzzer.ts";
import { runFuzzer } from "./fuzzing/run-fuzzer.ts";
import { fullDisks } from "./full-disk.ts";
import { imageBombs } from "./image-bombs.ts";
import { killedRuns, type KillResult } from "./kills.ts";
import { testFiles } from "./test-files.ts";

const { values: options } = parseArgs({
  options: {
    seconds: { type: "string", default: "600" },
    cases: { type: "string" },
    first: { type: "string", default: "0" },
    kills: { type: "string", default: "100" },
    disks: { type: "string", default: "10" },
    rounds: { type: "string", default: "1500" },
    only: { type: "string" },
    seed: { type: "string", default: "0" },
    json: { type: "boolean", default: false },
  },
});

/** Where the files of findings are kept. */
const kept = ".torture";

interface Outcome {
  readonly name: string;
  /** What was done, such as "1000 cases". */
  readonly done: string;
  readonly seconds: number;
  /** What is wrong, a line each. */
  readonly findings: readonly string[];
}

const [seed, first] = [Number(options.seed), Number(options.first)];
const end = options.cases === undefined ? Number.MAX_SAFE_INTEGER : first + Number(options.cases);

async function fuzzed(fuzzer: Fuzzer, ms: number): Promise<Omit<Outcome, "seconds">> {
  const { name } = fuzzer;
  const module = join(import.meta.dirname, "fuzzers/index.ts");
  const { cases, read, findings } = await runFuzzer({ module, name, seed, first, end, until: Date.now() + ms });
  if (findings.length > 0) mkdirSync(kept, { recursive: true });
  const seeds = findings.length > 0 ? await fuzzer.seeds() : [];
  const lines = findings.map(({ index, problem }) => {
    const file = caseFile(name, seeds, seed, index);
    const path = join(kept, `${name}-${seed}-${index}-${file.name.replaceAll("/", "-")}`);
    writeFileSync(path, file.bytes);
    return `${path}: ${problem} (--only ${name} --seed ${seed} --first ${index} --cases 1)`;
  });
  return { name, done: `${cases} cases, ${read} read`, findings: lines };
}

/** Steps of a run that is killed, or whose disk is full: a few seconds. */
const STEPS = 1500;

/** Runs what needs the command line on a build of its own. */
async function onBuild<T>(work: (latentkit: Installed) => Promise<T>): Promise<T> {
  const latentkit = install();
  try {
    return await work(latentkit);
  } finally {
    await latentkit.remove();
  }
}

type Part = (ms: number) => Promise<Omit<Outcome, "seconds">>;
const parts: ReadonlyMap<string, Part> = new Map<string, Part>([
  ...fuzzers.map((fuzzer): [string, Part] => [fuzzer.name, (ms) => fuzzed(fuzzer, ms)]),
  [
    "kills",
    (ms) =>
      onBuild(async (latentkit) => {
        const results: KillResult[] = [];
        for (const training of ["vae", "gan"] as const) {
          const each = Math.ceil(Number(options.kills) / 2);
          const request = { training, kills: each, seed, steps: STEPS, until: Date.now() + ms / 2 };
          results.push(await killedRuns(latentkit, request));
        }
        const total = (of: (result: KillResult) => number): number => results.reduce((sum, each) => sum + of(each), 0);
        const done = `${total(({ kills }) => kills)} kills, ${total(({ finished }) => finished)} runs finished`;
        return { name: "kills", done, findings: results.flatMap(({ findings }) => findings) };
      }),
  ],
  [
    "disks",
    (ms) =>
      onBuild(async (latentkit) => {
        const request = { disks: Number(options.disks), seed, steps: STEPS, until: Date.now() + ms };
        const { disks, full, skipped, findings } = await fullDisks(latentkit, request);
        return {
          name: "disks",
          done: skipped === undefined ? `${disks} disks, ${full} full` : `skipped: ${skipped}`,
          findings,
        };
      }),
  ],
  [
    "bombs",
    () => onBuild(async (latentkit) => ({ name: "bombs", done: "6 images", findings: await imageBombs(latentkit) })),
  ],
  [
    "locks",
    async () => {
      const env = { LOCK_ROUNDS: options.rounds };
      const findings = await testFiles(["src/node/files/run-lock.test.ts"], { name: "start together", env });
      return { name: "locks", done: `${options.rounds} rounds of each kind`, findings };
    },
  ],
  [
    "servers",
    async () => {
      const findings = await testFiles(["src/node/trackers/hostile-servers.test.ts", "src/node/data/fetch.test.ts"]);
      return { name: "servers", done: "trackers and downloads", findings };
    },
  ],
]);
const wanted = options.only?.split(",") ?? [...parts.keys()];
const unknown = wanted.find((name) => !parts.has(name));
if (unknown !== undefined) throw new Error(`--only: got ${unknown}, expected of ${[...parts.keys()].join(", ")}`);

const deadline = Date.now() + 1000 * Number(options.seconds);
const outcomes: Outcome[] = [];
const chosen = [...parts].filter(([name]) => wanted.includes(name));
for (const [i, [name, run]] of chosen.entries()) {
  const began = Date.now();
  // Time that a part leaves is that of the others.
  const outcome = await run((deadline - began) / (chosen.length - i));
  outcomes.push({ ...outcome, seconds: (Date.now() - began) / 1000 });
  process.stderr.write(`${name}: ${outcome.done}, ${outcome.findings.length} findings\n`);
  for (const line of outcome.findings) process.stderr.write(`  ${line.slice(0, 1000)}\n`);
}
if (options.json) console.log(JSON.stringify(outcomes));
else
  console.log(
    table([
      ["", "done", "seconds", "findings"],
      ...outcomes.map(({ name, done, seconds, findings }) => [name, done, seconds.toFixed(0), String(findings.length)]),
    ]),
  );
process.exit(outcomes.some(({ findings }) => findings.length > 0) ? 1 : 0);
