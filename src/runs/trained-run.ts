import { everyExample } from "../data/examples/every-example.ts";
import { findSplit, refuseOtherShape, type Split, type SplitName } from "../data/split.ts";
import { toDataUnits, toModelUnits } from "../data/arrays/units.ts";
import { ConfigError } from "../errors.ts";
import type { ConditionValues } from "../evaluation/condition.ts";
import { givesMeans } from "../evaluation/samples/shown-samples.ts";
import { drain, type SampleOptions } from "../evaluation/samples/sampling.ts";
import type { SplitCodes, TrainedModel } from "../evaluation/trained-model.ts";
import { type Evaluation, type EvaluationRequest, evaluateRun } from "./evaluate-run.ts";
import type { LoadedRun } from "./load-run.ts";
import { readRunMetrics, type RunMetrics } from "./run-metrics.ts";
import { exampleCodes } from "./codes/example-codes.ts";
import { type Generator, generatorOf } from "./codes/generator.ts";
import type { RunInfo } from "./run-info.ts";
import { samplePiece } from "./samples/sample-rows.ts";
import { type ExampleScores, scoreRun, type ScoreRequest } from "./score-run.ts";

/** The weights of a run, which the same run with a condition shares. */
interface HeldWeights {
  readonly close: () => Promise<void>;
  released: boolean;
  /** Of a run trained on codes, once it has sampled. */
  generator?: Promise<Generator>;
}

/**
 * A run with its weights on a device: EMA weights where training kept them. Graphs are compiled once and kept until `release`.
 *
 * @example
 * const run = await train(vae({ latentDim: 2 }), await digitsSource({ size: 500 }), { steps: 20 });
 * const images = await run.sample(16); // [16, 1, 28, 28]
 * const codes = await run.encode(images); // [16, 2]
 * await run.release();
 */
export class TrainedRun {
  readonly #loaded: LoadedRun;
  readonly #weights: HeldWeights;

  /** `close` frees what the run holds: the model's graphs and weights when missing. */
  constructor(loaded: LoadedRun, close: (() => Promise<void>) | HeldWeights = () => loaded.trained.release()) {
    this.#loaded = loaded;
    this.#weights = typeof close === "function" ? { close, released: false } : close;
  }

  /** The run as the functions of this module take it. Throws ConfigError after `release`. */
  get loaded(): LoadedRun {
    if (this.#weights.released)
      throw new ConfigError("run: used after release(), got a run without weights, expected one that is not released");
    return this.#loaded;
  }

  /** The model's capabilities as functions of arrays. Throws ConfigError after `release`. */
  get trained(): TrainedModel {
    return this.loaded.trained;
  }

  /** What run.json holds: model, settings, data, and how training ended. */
  get info(): RunInfo {
    return this.#loaded.run.info;
  }

  /** The last metrics of training, validation and test. */
  metrics(): Promise<RunMetrics> {
    const { result } = this.info;
    const end = result?.step ?? this.#loaded.step;
    return readRunMetrics(this.#loaded.run, { end, weights: result?.weights ?? end, stepsPerEpoch: 1 });
  }

  /**
   * New examples, [count, ...shape]: samples, or with `mean` means of p(x|z). A run trained on the codes of another samples codes, which that
   * one decodes; `trained.sample` gives the codes.
   */
  async sample(count: number, options: SampleOptions = {}): Promise<Float32Array> {
    const { loaded } = this;
    if (!loaded.run.info.parent) return loaded.trained.sample(count, options);
    // Shared by conditions, each of which comes with the call.
    const unconditioned = { ...loaded, trained: loaded.trained.given({}) };
    const { loaded: decoder, prior } = await (this.#weights.generator ??= generatorOf(unconditioned));
    const { seed, first, marginals, mean, ...own } = options;
    const { condition } = loaded.trained;
    return samplePiece(decoder.trained, count, {
      seed,
      first,
      marginals,
      mean: mean === true && givesMeans(decoder.trained.model),
      prior,
      options: own,
      ...(loaded.trained.isGiven && { given: condition }),
    });
  }

  /** The run with a condition: a class, attributes, numbers. */
  given(condition: ConditionValues): TrainedRun {
    return new TrainedRun({ ...this.loaded, trained: this.trained.given(condition) }, this.#weights);
  }

  /** Means of q(z|x) of examples x [count, ...shape]: [count, latentDim]. */
  async encode(x: Float32Array): Promise<Float32Array> {
    return this.trained.encode(x);
  }

  /** Means of p(x|z) of codes z [count, latentDim]: [count, ...shape]. */
  async decode(z: Float32Array): Promise<Float32Array> {
    return this.trained.decode(z);
  }

  /** Reconstructions of examples x [count, ...shape]. */
  async reconstruct(x: Float32Array): Promise<Float32Array> {
    return this.trained.reconstruct(x);
  }

  /** Mean, sample and rates of the codes of a split, not binarized: the test split when none is named. */
  async codes(split: Split | SplitName = "test"): Promise<SplitCodes> {
    return exampleCodes(this.trained, await this.#split(split));
  }

  /**
   * Every example of other data in file order, read as the run's own were; or one of their splits. For `codes`, `score` and
   * `firstExamples`. Throws DataError where they do not fit.
   *
   * @example
   * const run = await train(vae({ latentDim: 2 }), await digitsSource({ size: 500 }), { steps: 20 });
   * const all = await run.open("digits:100"); // 120: 100 to train on, 10 each for validation and test
   * const { means } = await run.codes(all); // [120, 2]
   * await run.release();
   */
  async open(data: string, split?: SplitName): Promise<Split> {
    const { openDataLike, trained } = this.loaded;
    const source = await openDataLike(data, { whole: split === undefined });
    const found = split === undefined ? await everyExample(source) : source[findSplit("run", split)];
    refuseOtherShape(source.name, found, trained.shape);
    return found;
  }

  /** Model outputs, [count, ...shape], in the units of the data the run was trained on: of codes, the codes as they are. */
  toDataUnits(values: Float32Array): Float32Array {
    return toDataUnits(this.info.data, values);
  }

  /** The inverse: values in the units of the data, [count, ...shape], as `encode` and `reconstruct` take them. */
  toModelUnits(values: ArrayLike<number>): Float32Array {
    return toModelUnits(this.info.data, values);
  }

  /** Metrics on a split, test by default: those that need no generated examples unless some are named. */
  async evaluate(request: Partial<EvaluationRequest> = {}): Promise<Evaluation> {
    return drain(evaluateRun(this.loaded, { split: "test", seed: 0, ...request }));
  }

  /** Anomaly scores of the examples of a split, test by default. */
  async score({
    split = "test",
    ...request
  }: Partial<Omit<ScoreRequest, "split">> & { readonly split?: Split | SplitName } = {}): Promise<ExampleScores> {
    const defaults = { samples: 100, density: "gmm:10", seed: 0 };
    return drain(scoreRun(this.loaded, { ...defaults, ...request, split: await this.#split(split) }));
  }

  /** Frees graphs and weights, and lets others write to the run. */
  async release(): Promise<void> {
    if (this.#weights.released) return;
    this.#weights.released = true;
    await (await this.#weights.generator?.catch(() => undefined))?.release();
    await this.#weights.close();
  }

  async #split(split: Split | SplitName): Promise<Split> {
    return typeof split === "string" ? (await this.loaded.openData())[findSplit("run", split)] : split;
  }
}
