/** `npm run bench`: paired, same-run ratios of Latentkit to its peers, in one table. */
import { availableParallelism, cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { engineStarts, peerNames } from "./engines.mjs";
import { measure } from "./measure.mjs";
import { measureSampling } from "./sampling.mjs";
import { measureStartup } from "./startup.mjs";
import { table } from "./table.mjs";
import { workloads } from "./workloads.mjs";

const groups = [...new Set(workloads.map(({ group }) => group)), "startup", "sampling"];

const help = `Usage: npm run bench -- [options]

Measures Latentkit and its peers in turn, each in a process of its own, and prints one table: the best and median
milliseconds a step over the rounds, and their ratio to Latentkit's in the same run (2.00x takes twice as long).
Before timing, the losses of the first steps from equal weights are compared; a difference is a failure.

  --only LIST      workloads: letters or names (default: all)
${workloads.map(({ group, name, title }) => `                     ${group}  ${name.padEnd(14)} ${title}`).join("\n")}
                     startup      latentkit --version, latentkit models
                     sampling     64 samples of 2-D points in 1000 steps, against 1000 bare runs of the step
  --peers LIST     of ${peerNames.join(", ")}; none (default: all)
  --beside DIR     another checkout, built, as one more engine: this tree against an earlier one
  --without LIST   rewrites of the graph: one more engine for each, Latentkit without it (a+b: without both)
  --gpu            Latentkit on WebGPU beside PyTorch on CUDA, no other peer
  --threads N      threads of each engine (default: 2)
  --rounds N       rounds for each engine (default: 12), fewer where a step is longer than a round
  --seconds X      length of a round (default: 0.4)
  --no-install     report missing peers as absent instead of installing them
  --json           print one array of {workload, engine, msPerStep, ratioToLatentkit, cpuMsPerStep, cpuRatioToLatentkit,
                   compileMs, peakMiB} and nothing else on stdout; null where it is not known
  --help

Rows: latentkit computes its loss in every 20th step; latentkit-loss in every one; limit is the step's matrix products alone.
Python peers use $LATENTKIT_PYTHON, .bench-env or python3, whichever has the library first.`;

/** @param {string} message */
function refuse(message) {
  console.error(`bench: ${message}`);
  process.exit(2);
}

/**
 * @param {string} flag
 * @param {string | undefined} given
 * @param {readonly string[]} known
 */
function listed(flag, given, known) {
  const names = given?.split(",").filter((name) => name !== "") ?? [...known];
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) refuse(`--${flag}: unknown name, got ${unknown}, expected some of ${known.join(", ")}`);
  return names;
}

/**
 * @param {string} flag
 * @param {string} given
 */
function positive(flag, given) {
  const value = Number(given);
  if (!(value > 0 && value < 1e6)) refuse(`--${flag}: not a positive number, got ${given}`);
  return value;
}

function options() {
  try {
    return parseArgs({
      allowNegative: true,
      options: {
        only: { type: "string" },
        peers: { type: "string" },
        beside: { type: "string" },
        without: { type: "string" },
        threads: { type: "string", default: "2" },
        rounds: { type: "string", default: "12" },
        seconds: { type: "string", default: "0.4" },
        gpu: { type: "boolean", default: false },
        install: { type: "boolean", default: true },
        json: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    }).values;
  } catch (error) {
    return refuse(`${error instanceof Error ? error.message : String(error)}; see --help`);
  }
}

const { only, peers, beside, without, threads, gpu, rounds, seconds, install, json, help: asked } = options();
if (asked) {
  console.log(help);
  process.exit(0);
}
const chosen = listed("only", only, [...groups, ...workloads.map(({ name }) => name)]);
const chosenPeers = peers === "none" ? [] : listed("peers", gpu ? (peers ?? "torch") : peers, peerNames);
if (gpu && chosenPeers.some((name) => !name.startsWith("torch")))
  refuse("--gpu: --peers is torch, torch-compile or none");
const threadCount = Math.ceil(positive("threads", threads));
const limits = {
  rounds: Math.ceil(positive("rounds", rounds)),
  seconds: positive("seconds", seconds),
  named: peers !== undefined,
};

/** @param {string} text */
function progress(text) {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}

const [load] = loadavg();
if (load > 0.5)
  console.error(`bench: other work is running (load average ${load.toFixed(1)}): read the best, not the median`);

const rows = [];
const failures = [];
const selected = workloads.filter(({ group, name }) => chosen.includes(group) || chosen.includes(name));
const variants = { without: without?.split(",").filter((name) => name !== "") ?? [], beside };
const starts =
  selected.length > 0 ? engineStarts(chosenPeers, { install, threads: threadCount, gpu, ...variants }) : [];
for (const workload of selected) {
  const measured = await measure(workload, starts, { ...limits, progress });
  rows.push(...measured.rows);
  failures.push(...measured.failures);
}
if (chosen.includes("startup")) rows.push(...measureStartup());
if (chosen.includes("sampling")) rows.push(...(await measureSampling()));
progress("");

if (json) {
  const present = rows.filter(({ absent }) => absent === undefined);
  const numbers = present.map(({ workload, engine, msPerStep, ...row }) => ({
    workload,
    engine,
    msPerStep,
    ratioToLatentkit: row.ratioToLatentkit ?? null,
    cpuMsPerStep: row.cpuMsPerStep ?? null,
    cpuRatioToLatentkit: row.cpuRatioToLatentkit ?? null,
    compileMs: row.compileMs ?? null,
    peakMiB: row.peakMiB ?? null,
  }));
  console.log(JSON.stringify(numbers, null, 2));
  for (const { workload, engine, absent } of rows) {
    if (absent !== undefined) console.error(`bench: ${workload}: ${engine} is absent: ${absent}`);
  }
} else {
  const cpu = cpus()[0]?.model ?? "unknown processor";
  const where = gpu ? "WebGPU and CUDA" : `${threadCount} threads each engine`;
  console.log(`${cpu}, ${availableParallelism()} processors, ${where}; Node ${process.version}\n`);
  console.log(table(rows));
}
for (const failure of failures) console.error(`bench: FAILED ${failure}`);
process.exitCode = failures.length > 0 ? 1 : 0;
