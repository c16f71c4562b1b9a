/** Changes sources a little at a time, and finds the changes that no test notices: see README.md beside this file. */
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { keyOf, type Mutant, mutated, sampled } from "./mutant.ts";
import { mutantsOf } from "./mutators.ts";
import { equivalents, MutationRecord, type Outcome } from "./record.ts";
import { relatedTests } from "./related-tests.ts";
import { described, summaryOf } from "./summary.ts";
import { WorkerProcess } from "./worker-process.ts";

const { values: options } = parseArgs({
  options: {
    files: { type: "string", default: "src/models,src/metrics,src/distributions,src/latent" },
    sample: { type: "string" },
    seed: { type: "string", default: "0" },
    tests: { type: "string", default: "12" },
    workers: { type: "string", default: "1" },
    record: { type: "string", default: ".mutation.json" },
    again: { type: "boolean", default: false },
    list: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  },
});

const root = process.cwd();
const related = relatedTests();
const record = new MutationRecord(options.record);
const durationsMs = new Map<string, number>();
const failing = new Set<string>();

/** Those of the tests of a file that are run for it: the nearest, of them the fastest first. */
function testsOf(file: string): readonly string[] {
  const all = (related.get(file) ?? []).slice(0, Number(options.tests)).filter((test) => !failing.has(test));
  const [own, others] = [all.slice(0, 1), all.slice(1)];
  return [...own, ...others.toSorted((a, b) => (durationsMs.get(a) ?? 0) - (durationsMs.get(b) ?? 0))];
}

const text = (file: string): string => readFileSync(join(root, file), "utf8");
const progress = (line: string): void => void process.stderr.write(`${line}\n`);

/** Runs work items on every worker, each worker one after the other. */
async function onWorkers<T>(items: readonly T[], work: (item: T, worker: WorkerProcess) => Promise<void>) {
  const queue = [...items];
  const run = async (): Promise<void> => {
    const worker = new WorkerProcess();
    try {
      for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item, worker);
    } finally {
      worker.stop();
    }
  };
  await Promise.all(Array.from({ length: Number(options.workers) }, run));
}

/** How long each test file takes with nothing changed. One that fails as it is is left out. */
async function measure(tests: readonly string[]): Promise<void> {
  await onWorkers(tests, async (test, worker) => {
    const answer = await worker.ask({ tests: [test] }, 600_000);
    if (!answer || answer.failed !== undefined) {
      failing.add(test);
      progress(`left out: ${test} fails with nothing changed, got ${answer?.message ?? "no end in 10 minutes"}`);
      return;
    }
    durationsMs.set(test, answer.durationsMs[test]!);
    progress(`${durationsMs.size}/${tests.length} ${test}: ${(durationsMs.get(test)! / 1000).toFixed(1)} s`);
  });
}

async function outcomeOf(mutant: Mutant, worker: WorkerProcess): Promise<Outcome> {
  const changed = { file: mutant.file, text: mutated(text(mutant.file), mutant) };
  for (const test of testsOf(mutant.file)) {
    const answer = await worker.ask({ tests: [test], changed }, 10_000 + 5 * (durationsMs.get(test) ?? 0));
    if (!answer) return { ...mutant, killedBy: `a timeout of ${test}` };
    if (answer.failed !== undefined) return { ...mutant, killedBy: answer.failed, message: answer.message };
  }
  return mutant;
}

const prefixes = options.files.split(",");
const files = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
  .map((file) => `src/${file.replaceAll("\\", "/")}`)
  .filter((file) => file.endsWith(".ts") && !/\.(test|d)\.ts$/.test(file))
  .filter((file) => prefixes.some((prefix) => file.startsWith(prefix)))
  .toSorted();
const known = equivalents(join(import.meta.dirname, "equivalent.json"));
const all = mutantsOf(
  files.map((file) => resolve(root, file)),
  root,
);
const chosen = options.sample === undefined ? all : sampled(all, Number(options.sample), Number(options.seed));
if (options.list)
  for (const { file, line, before, after } of chosen) console.log(`${file}:${line} ${before} -> ${after}`);
else {
  const open = chosen.filter((mutant) => {
    const before = record.of(mutant);
    return !known.has(keyOf(mutant)) && (!before || (options.again && before.killedBy === undefined));
  });
  const needed = [...new Set(open.flatMap(({ file }) => testsOf(file)))];
  progress(`${all.length} mutants in ${files.length} files, ${chosen.length} chosen, ${open.length} to try`);
  await measure(needed);
  progress(`${needed.length - failing.size} of ${needed.length} test files pass with nothing changed`);
  let done = 0;
  await onWorkers(open, async (mutant, worker) => {
    const outcome = await outcomeOf(mutant, worker);
    record.add(outcome);
    done += 1;
    const { file, line, before, after, killedBy } = outcome;
    progress(`${done}/${open.length} ${file}:${line} ${before} -> ${after}: ${killedBy ?? "SURVIVED"}`);
  });
  const summary = summaryOf(chosen, { record, known, count: all.length });
  console.log(options.json ? JSON.stringify(summary) : described(summary));
}
process.exit();
