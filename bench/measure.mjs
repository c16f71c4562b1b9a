/** Times all engines on one workload in turn, round by round, so that drift of the machine affects all alike. */
import { setTimeout as pause } from "node:timers/promises";
import { WorkerProcess } from "./worker-process.mjs";

/**
 * @typedef {import("./workloads.mjs").Workload} Workload
 * @typedef {import("./engines.mjs").EngineStart} EngineStart
 * @typedef {object} Row
 * @property {string} workload
 * @property {string} engine
 * @property {number} [msPerStep] best of the rounds
 * @property {number} [medianMsPerStep]
 * @property {number} [ratioToLatentkit] msPerStep over Latentkit's of the same run: above 1 is slower than Latentkit
 * @property {number} [medianRatio] the same for the medians
 * @property {number} [cpuMsPerStep] processor time of all threads, least of the rounds: less sensitive to other load than time
 * @property {number} [cpuRatioToLatentkit]
 * @property {number} [compileMs] from building the step's graph to the end of the process's first step, less the time of a second
 * @property {number} [peakMiB]
 * @property {string} note
 * @property {string} [absent] why there is no number
 */

/** Relative difference of losses above which two engines count as computing different things. */
const LOSS_TOLERANCE = 1e-3;
const SETUP_LIMIT_SECONDS = 300;
const ROUND_LIMIT_SECONDS = 300;
/** Thread pools spin for about 40 ms after their last task; the next engine waits until the threads of the last one sleep. */
const SPIN_MS = 100;
/** An engine with a longer step is timed once, not once per round. */
const SLOW_STEP_MS = 5000;
/** One whose step is longer than a round takes part in fewer of them, at least in so many. */
const FEWEST_ROUNDS = 5;

/** @param {readonly number[]} values */
export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * Messages for engines whose losses deviate from the others'.
 * @param {string} workload
 * @param {readonly { name: string, checks: readonly number[] }[]} engines
 */
export function disagreements(workload, engines) {
  /** @type {Map<string, string>} */
  const failures = new Map();
  for (let step = 0; step < Math.max(0, ...engines.map(({ checks }) => checks.length)); step++) {
    const values = engines.flatMap(({ name, checks }) => (step < checks.length ? [{ name, value: checks[step] }] : []));
    const middle = values.map(({ value }) => value).toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)];
    for (const { name, value } of values) {
      if (Math.abs(value - middle) <= LOSS_TOLERANCE * Math.abs(middle) || failures.has(name)) continue;
      failures.set(
        name,
        `${workload}: ${name} computes something else: ${value} at step ${step + 1}, the others ${middle}`,
      );
    }
  }
  return [...failures.values()];
}

/**
 * Why an engine takes no part in a workload.
 * @param {Workload} workload
 * @param {string} name
 * @param {boolean} named whether its peers were named, rather than all by default
 */
function absentFrom({ peers }, name, named) {
  if (!peers || name.startsWith("latentkit")) return undefined;
  if (!(name in peers)) return "not written for this workload";
  return peers[name] === "named" && !named ? "takes minutes to compile: name it in --peers" : undefined;
}

/** @param {{ ms?: number, cpuMs?: number }} answer @param {number} steps */
const perStep = ({ ms = 0, cpuMs = Number.NaN }, steps) => ({ ms: ms / steps, cpuMs: cpuMs / steps });

/**
 * Starts an engine, checks its losses, and finds the number of steps that fill a round.
 * @param {EngineStart} start
 * @param {Workload} workload
 * @param {{ rounds: number, seconds: number, named: boolean }} limits
 */
async function prepare(start, workload, { rounds, seconds, named }) {
  const engine = { ...start, checks: [], note: "", steps: 1, turns: 0, rounds: [] };
  const absence = absentFrom(workload, start.name, named) ?? start.absent;
  if (absence !== undefined) return { ...engine, absent: absence };
  const worker = new WorkerProcess(start.command);
  const setup = await worker.ask({ do: "setup", workload, variant: start.variant }, SETUP_LIMIT_SECONDS);
  let absent = setup.absent;
  let msPerStep = 0;
  let last;
  // The first round compiles what the check did not; the others warm up.
  for (
    let spent = 0, round = 0;
    absent === undefined && (round < 2 || (spent < 1000 && msPerStep < SLOW_STEP_MS));
    round++
  ) {
    const steps = round < 2 ? 1 : Math.max(1, Math.floor(300 / msPerStep));
    const answer = await worker.ask({ do: "round", steps }, ROUND_LIMIT_SECONDS);
    absent = answer.absent;
    last = perStep(answer, steps);
    msPerStep = last.ms;
    spent += answer.ms ?? 0;
  }
  if (absent !== undefined) {
    await worker.end();
    return { ...engine, absent };
  }
  const { checks = [], compileMs, note = "" } = setup;
  const ready = { ...engine, worker, checks, compileMs, note };
  if (msPerStep >= SLOW_STEP_MS) return { ...ready, rounds: [last] };
  const roundMs = seconds * 1000;
  const turns = Math.min(rounds, Math.max(FEWEST_ROUNDS, Math.floor((rounds * roundMs) / msPerStep)));
  return { ...ready, steps: Math.max(1, Math.round(roundMs / msPerStep)), turns };
}

/**
 * One row per engine, and one message per engine that computes something else than the others.
 * @param {Workload} workload
 * @param {readonly EngineStart[]} starts
 * @param {{ rounds: number, seconds: number, named: boolean, progress: (text: string) => void }} options
 * @returns {Promise<{ rows: Row[], failures: string[] }>}
 */
export async function measure(workload, starts, { progress, ...limits }) {
  const engines = [];
  for (const start of starts) {
    // A forward pass has no loss, and that of a large network is a small part of its step.
    if (start.name === "latentkit-loss" && (!workload.trains || workload.peers)) continue;
    progress(`${workload.name}: starting ${start.name}`);
    engines.push(await prepare(start, workload, limits));
  }
  for (let round = 0; round < limits.rounds; round++) {
    progress(`${workload.name}: round ${round + 1} of ${limits.rounds}`);
    const turn = engines.filter(({ turns }) => round < turns);
    // Each round starts with another engine, so that none always follows the same one.
    for (let i = 0; i < turn.length; i++) {
      const engine = turn[(round + i) % turn.length];
      await pause(SPIN_MS);
      const answer = await engine.worker.ask({ do: "round", steps: engine.steps }, ROUND_LIMIT_SECONDS);
      if (answer.absent === undefined) engine.rounds.push(perStep(answer, engine.steps));
    }
  }
  for (const engine of engines) {
    if (!engine.worker) continue;
    engine.peakMiB = (await engine.worker.ask({ do: "memory" }, 10)).peakMiB;
    await engine.worker.end();
  }
  return { rows: rowsOf(workload, engines), failures: disagreements(workload.name, engines) };
}

/**
 * @param {Workload} workload
 * @returns {Row[]}
 */
function rowsOf(workload, engines) {
  const best = (engine) => Math.min(...engine.rounds.map(({ ms }) => ms));
  const middle = (engine) => median(engine.rounds.map(({ ms }) => ms));
  const leastCpu = (engine) => Math.min(...engine.rounds.map(({ cpuMs }) => cpuMs));
  const latentkit = engines.find(({ name, rounds }) => name === "latentkit" && rounds.length > 0);
  const ratio = (engine, of) => latentkit && of(engine) / of(latentkit);
  const names = [...new Set(engines.map(({ name }) => name))];
  const gigaflop = workload.products.reduce((sum, { m, k, n }) => sum + 2 * m * k * n, 0) / 1e9;
  return names.map((name) => {
    const [engine, ...slower] = engines
      .filter((candidate) => candidate.name === name)
      .toSorted((a, b) => best(a) - best(b));
    const { note, absent = "no round finished", compileMs, peakMiB } = engine;
    if (engine.rounds.length === 0) return { workload: workload.name, engine: name, note, absent };
    const msPerStep = best(engine);
    const ran = slower.filter((other) => other.rounds.length > 0);
    const others = ran.map((other) => `; ${other.note} ${best(other).toPrecision(3)} ms`).join("");
    const speed = `${gigaflop.toPrecision(3)} GFLOP at ${((gigaflop / msPerStep) * 1000).toFixed(0)} GFLOP/s${others}`;
    return {
      workload: workload.name,
      engine: name,
      note: name === "limit" ? `${note}, ${speed}` : note,
      msPerStep,
      medianMsPerStep: middle(engine),
      ratioToLatentkit: ratio(engine, best),
      medianRatio: ratio(engine, middle),
      cpuMsPerStep: leastCpu(engine),
      cpuRatioToLatentkit: ratio(engine, leastCpu),
      compileMs,
      peakMiB,
    };
  });
}
