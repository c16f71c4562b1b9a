import { type BatchArrays, Batches } from "../../data/batches.ts";
import type { Binarization } from "../../data/binarize.ts";
import type { FieldArray } from "../../data/fields.ts";
import type { Split } from "../../data/split.ts";
import { DataError } from "../../errors.ts";
import { sizeOf } from "../../graph/shape.ts";
import { Input, type Tensor } from "../../graph/tensor.ts";
import { annealingSchedule } from "../../metrics/annealing.ts";
import { LogMeanExp } from "../../metrics/importance-bounds.ts";
import { conditioned, evaluation } from "../../nn/context.ts";
import { where } from "../../ops/comparison.ts";
import { Program } from "../../runtime/program.ts";
import { fieldArrays, fieldInputs } from "../../training/batch-inputs.ts";
import { requireCapabilities } from "../capabilities.ts";
import { hamiltonianTransition } from "./hamiltonian-transition.ts";
import { type Joint, joint } from "./joint.ts";
import { conditionFields } from "../map-split.ts";
import type { ModelOnDevice } from "../model-on-device.ts";

/** Log-likelihoods by annealed importance sampling, in nats. */
export interface AnnealedEstimate {
  /** Of the examples: in expectation an upper bound on the mean of -log p(x). */
  readonly nll: number;
  readonly standardError: number;
  /** [examples], in their order. */
  readonly nlls: Float64Array;
  /**
   * Examples sampled from the model, whose code is known: log p(x) is between `lower` and `upper` in expectation, so that their gap bounds
   * the error of the former.
   */
  readonly simulated: {
    readonly examples: number;
    readonly lower: number;
    readonly upper: number;
    readonly gap: number;
    readonly gapStandardError: number;
  };
  /** The acceptance rate of the Hamiltonian transitions. */
  readonly acceptance: number;
}

export interface AnnealedOptions {
  readonly split: Split;
  readonly binarize: Binarization;
  /** Steps from p(z) to the posterior; the gap shrinks with their number. */
  readonly temperatures: number;
  /** For each example. */
  readonly chains?: number;
  readonly leapfrogs?: number;
  readonly seed?: number;
}

/** Values that p(x|z) is computed for at a time: what a row of activations takes then stays near the cores. */
const valuesPerRun = 250_000;
/** Step sizes are tuned on a schedule so many times shorter than that of the estimate. */
const tuningFactor = 5;
/** The optimal acceptance rate of long trajectories (Neal 2011, section 4.4), and the rate at which chains adapt the log of their step size to it. */
const wantedAcceptance = 0.65;
const tuningRate = 0.3;

/**
 * log p(x) of a model with p(z) and p(x|z), by annealed importance sampling (Wu et al. 2017, arXiv:1611.04273): each chain goes from a
 * sample of p(z) through densities proportional to p(z) p(x|z)^beta to the posterior, by one Hamiltonian transition each, and
 *
 *   log w = sum_t (beta_t - beta_(t-1)) log p(x|z_(t-1)),     E[log mean w] <= log p(x)
 *
 * It needs no encoder. For examples sampled from the model the chains are run backwards too, from the code of each, a sample of
 * the exact posterior: E[-log mean 1/w] >= log p(x) (bidirectional Monte Carlo). The transitions' steps are found in chains of their
 * own and then kept, so that both bounds hold. Throws UnsupportedOpError where the model has no p(z) over one vector or no p(x|z).
 */
export class AnnealedLikelihood {
  readonly #programs: { readonly start: Program; readonly simulate: Program; readonly transition: Program };
  readonly #batches: Batches;
  readonly #chains: number;
  readonly #temperatures: number;
  readonly #seed: number;
  readonly #arrays: BatchArrays;
  /** The same fields for every chain. */
  readonly #rows: BatchArrays["fields"];
  /** Runs of programs so far: each has its own noise. */
  #runs = 0;
  #accepted = 0;
  #transitions = 0;

  constructor(trained: ModelOnDevice, options: AnnealedOptions) {
    const { model } = trained;
    requireCapabilities(model, ["decode", "prior", "vector"], { where: "annealing" });
    const { split, binarize, temperatures, chains = 8, leapfrogs = 10, seed = 0 } = options;
    const { shape } = split.dataset;
    this.#chains = chains;
    this.#temperatures = temperatures;
    this.#seed = seed;
    const examples = split.indices.length;
    const most = Math.max(1, Math.floor(valuesPerRun / (chains * sizeOf(shape))));
    // Batches of like sizes: the padding of a short last one is wasted.
    const size = Math.ceil(examples / Math.ceil(examples / most));
    const rows = size * chains;
    const fields = conditionFields(trained, split);
    this.#batches = new Batches(split, { batchSize: size, purpose: "evaluation", binarize, fields });
    this.#arrays = this.#batches.allocate();
    this.#rows = this.#batches.allocate(chains).fields;
    const of = (count: number): Joint =>
      joint(model, count, fields.length === 0 ? evaluation : conditioned(evaluation, fieldInputs(fields, count)));

    const x = new Input("x", [size, ...shape]);
    const repeated = x.broadcastTo([chains, ...x.shape]).reshape([rows, ...shape]);
    const { prior, decode, dim } = of(rows);
    const logLikelihood = (z: Tensor): Tensor => decode(z).logProb(repeated);
    const z = new Input("z", [rows, dim]);
    const sampled = prior.sample();
    const beta = new Input("beta", []);
    const next = hamiltonianTransition(z, {
      logDensity: (at) => prior.logProb(at).add(logLikelihood(at).mul(beta)),
      stepSize: new Input("stepSize", [rows, 1]),
      leapfrogs,
    });
    const one = of(size);
    const code = one.prior.sample();
    const { store, emaWeights } = trained;
    const program = (name: string, outputs: Readonly<Record<string, Tensor>>): Program =>
      new Program(store, { name: `annealing ${name}`, outputs: new Map(Object.entries(outputs)), emaWeights });
    this.#programs = {
      start: program("start", { z: sampled, logLikelihood: logLikelihood(sampled), given: logLikelihood(z) }),
      simulate: program("simulate", { z: code, x: one.decode(code).sample() }),
      transition: program("transition", {
        z: next.z,
        logLikelihood: logLikelihood(next.z),
        acceptance: next.acceptance,
        accepted: where(next.accepted, 1, 0),
      }),
    };
  }

  /** Yields how many examples are done, the simulated ones first and included; returns the estimates. */
  async *run(): AsyncGenerator<{ readonly done: number; readonly total: number }, AnnealedEstimate> {
    const examples = this.#batches.split.indices.length;
    const size = this.#batches.batchSize;
    const total = size + examples;
    const nlls = new Float64Array(examples);
    const gaps: number[] = [];
    let [lower, upper] = [0, 0];
    for (const cursor of this.#batches.epoch()) {
      const { x } = this.#arrays;
      const count = this.#batches.fill(this.#arrays, cursor);
      for (const [name, values] of Object.entries(this.#arrays.fields))
        for (let chain = 0; chain < this.#chains; chain++) put(this.#rows[name]!, values, chain * values.length);
      if (cursor.index === 0) {
        const bounds = await this.#simulated();
        bounds.forEach(([low, high]) => gaps.push(high - low));
        lower = mean(bounds.map(([low]) => low));
        upper = mean(bounds.map(([, high]) => high));
        yield { done: size, total };
      }
      const bounds = await this.#forwards(x, await this.#tuned(x));
      const from = cursor.index * size;
      for (let i = 0; i < count; i++) nlls[from + i] = -bounds[i]!;
      yield { done: size + from + count, total };
    }
    const bad = nlls.findIndex((nll) => !Number.isFinite(nll));
    if (bad >= 0)
      throw new DataError(
        `annealing: a likelihood is not finite, got a negative log-likelihood of ${nlls[bad]} for example ${bad}, expected a number; the model gives it no probability`,
      );
    return {
      nll: mean(nlls),
      standardError: standardError(nlls),
      nlls,
      simulated: { examples: size, lower, upper, gap: upper - lower, gapStandardError: standardError(gaps) },
      acceptance: this.#accepted / this.#transitions,
    };
  }

  async release(): Promise<void> {
    for (const program of Object.values(this.#programs)) await program.release();
  }

  /** Lower and upper bounds of log p(x) for a batch of examples sampled from the model. */
  async #simulated(): Promise<readonly (readonly [lower: number, upper: number])[]> {
    const { z, x } = await this.#run("simulate", ["z", "x"]);
    const steps = await this.#tuned(x!);
    const lower = await this.#forwards(x!, steps);
    const rows = new Float32Array(z!.length * this.#chains);
    for (let chain = 0; chain < this.#chains; chain++) rows.set(z!, chain * z!.length);
    const { given } = await this.#run("start", ["given"], { x: x!, z: rows });
    const weights = await this.#anneal(x!, { z: rows, logLikelihood: given!, steps, backwards: true });
    return this.#overChains(weights).map((logMean, i) => [lower[i]!, -logMean]);
  }

  /** Log of the mean weight of each example's chains from p(z). */
  async #forwards(x: Float32Array, steps: readonly Float32Array[]): Promise<readonly number[]> {
    const { z, logLikelihood } = await this.#run("start", ["z", "logLikelihood"], { x });
    return this.#overChains(await this.#anneal(x, { z: z!, logLikelihood: logLikelihood!, steps, backwards: false }));
  }

  /** Log weights of all chains, [chains, batch]. */
  async #anneal(
    x: Float32Array,
    options: {
      readonly z: Float32Array;
      readonly logLikelihood: Float32Array;
      /** Of the transitions, along the schedule from p(z) on; see `#tuned`. */
      readonly steps: readonly Float32Array[];
      readonly backwards: boolean;
    },
  ): Promise<Float64Array> {
    const { steps, backwards } = options;
    const last = this.#temperatures;
    const betas = annealingSchedule(last);
    const place = (t: number): number => (backwards ? last - t : t);
    let { z, logLikelihood } = options;
    const weights = new Float64Array(logLikelihood.length);
    for (let t = 1; t <= last; t++) {
      const change = betas[place(t)]! - betas[place(t - 1)]!;
      weights.forEach((_, i) => (weights[i]! += change * logLikelihood[i]!));
      if (t === last) break;
      const stepSize = steps[Math.round((place(t) / last) * (steps.length - 1))]!;
      const inputs = { x, z, beta: Float32Array.of(betas[place(t)]!), stepSize };
      const found = await this.#run("transition", ["z", "logLikelihood", "accepted"], inputs);
      [z, logLikelihood] = [found["z"]!, found["logLikelihood"]!];
      for (const accepted of found["accepted"]!) this.#accepted += accepted;
      this.#transitions += weights.length;
    }
    return weights;
  }

  /** Step sizes [rows, 1] of the transitions along the schedule, tuned by chains that are discarded. */
  async #tuned(x: Float32Array): Promise<readonly Float32Array[]> {
    const betas = annealingSchedule(Math.max(10, Math.ceil(this.#temperatures / tuningFactor)));
    let { z } = await this.#run("start", ["z"], { x });
    const size = this.#batches.batchSize;
    const rows = size * this.#chains;
    const logSteps = new Float64Array(size).fill(Math.log(0.2));
    const steps: Float32Array[] = [];
    for (const [t, b] of betas.entries())
      for (let again = t === 0 ? 10 : 2; again > 0; again--) {
        const stepSize = Float32Array.from({ length: rows }, (_, i) => Math.exp(logSteps[i % size]!));
        if (again === 1) steps.push(stepSize);
        const inputs = { x, z: z!, beta: Float32Array.of(b), stepSize };
        const found = await this.#run("transition", ["z", "acceptance"], inputs);
        z = found["z"];
        found["acceptance"]!.forEach((a, i) => {
          const change = (tuningRate * (a - wantedAcceptance)) / this.#chains;
          logSteps[i % size] = Math.min(0.5, Math.max(-12, logSteps[i % size]! + change));
        });
      }
    return steps;
  }

  /** Log of the mean over chains for each example. */
  #overChains(weights: Float64Array): number[] {
    const size = this.#batches.batchSize;
    return Array.from({ length: size }, (_, example) => {
      const chains = new LogMeanExp();
      for (let row = example; row < weights.length; row += size) chains.add(weights[row]!);
      return chains.value;
    });
  }

  async #run(
    name: "start" | "simulate" | "transition",
    outputs: readonly string[],
    inputs: Readonly<Record<string, Float32Array>> = {},
  ): Promise<Record<string, Float32Array>> {
    const fields = name === "simulate" ? this.#arrays.fields : this.#rows;
    const found = await this.#programs[name].run({
      inputs: { ...fieldArrays(fields), ...inputs },
      outputs,
      seed: this.#seed,
      step: this.#runs++,
    });
    // None of these programs has an output of integers.
    return found as Record<string, Float32Array>;
  }
}

/** Copies fields of the same kind. */
function put(into: FieldArray, values: FieldArray, at: number): void {
  if (into instanceof BigInt64Array && values instanceof BigInt64Array) into.set(values, at);
  if (into instanceof Float32Array && values instanceof Float32Array) into.set(values, at);
}

const mean = (values: ArrayLike<number>): number => Array.from(values).reduce((sum, v) => sum + v, 0) / values.length;

/** Of the mean, over independent values. */
function standardError(values: ArrayLike<number>): number {
  const center = mean(values);
  const squares = Array.from(values).reduce((sum, v) => sum + (v - center) ** 2, 0);
  return Math.sqrt(squares / values.length / Math.max(1, values.length - 1));
}
