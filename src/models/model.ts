import type { z } from "zod";
import type { Distribution } from "../distributions/distribution.ts";
import type { Shape } from "../graph/shape.ts";
import type { Tensor, Variable } from "../graph/tensor.ts";
import type { Context } from "../nn/context.ts";

/** What a model is built for. */
export interface DataSpec {
  /** One example, values in [0, 1], such as [1, 28, 28]. */
  readonly shape: Shape;
  /** Examples in the whole set, where that is known: estimators of the aggregated posterior weigh a batch by it. */
  readonly size?: number;
  /** The classes of labels, by index; absent where examples have no labels. */
  readonly classNames?: readonly string[];
  /** Null where values are real numbers of any size, not intensities. A model is built alike for both; presets differ. */
  readonly range?: readonly [low: number, high: number] | null;
  /** For rows of a table, what each of their parts is, in the order of an example's numbers. */
  readonly columns?: readonly ColumnSpec[];
}

/** A part of a row: one standardized number, or one value of several as a vector with a single 1. */
export type ColumnSpec =
  | { readonly name: string; readonly kind: "number" }
  | { readonly name: string; readonly kind: "category"; readonly values: readonly string[] };

/** The symbolic inputs of a training step. */
export interface Batch {
  /** [batch, ...shape]. */
  readonly x: Tensor;
  /** The class of each example, int64 [batch], or -1 where it has no label; present for a model that states its `classes`. */
  readonly label?: Tensor;
  /** The share of the training examples that have labels; 1 when missing. */
  readonly labelledShare?: number;
  /** The step's number, from 1: a scalar, for schedules inside the loss. */
  readonly step: Tensor;
}

/** Something a training step minimizes. A VAE has one; a GAN has the critic's and the generator's, in that order. */
export interface Objective {
  readonly name: string;
  /** Scalar, minimized. */
  readonly loss: Tensor;
  /** What this objective's optimizer changes, by name. */
  readonly parameters: ReadonlyMap<string, Variable>;
  /** Scalars worth reporting, by name; computed only in the steps that report. */
  readonly metrics: Readonly<Record<string, Tensor>>;
  /** State the graph itself changes at each step (running statistics). */
  readonly updates?: ReadonlyMap<Variable, Tensor>;
  /** Adam with a rate and decays of its own in place of the run's optimizer; the run's schedule, clipping and averages stay. */
  readonly optimizer?: ObjectiveOptimizer;
  /** Run in every n-th step only; every step when missing. */
  readonly every?: number;
  /** Run so many times a step, each with fresh noise; once when missing. */
  readonly repeat?: number;
}

/** Adam's settings (arXiv:1412.6980) for one objective. */
export interface ObjectiveOptimizer {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
}

/** Codes of examples: the shape of one, and p(z) for a batch of them where the model has a prior. */
export interface Codes {
  readonly shape: Shape;
  prior?(count: number): Distribution;
}

/** Codes with a prior. */
export interface Latents extends Codes {
  prior(count: number): Distribution;
}

/** An evidence lower bound and its two parts, each [batch], in nats per example: elbo = -(rate + distortion). */
export interface Bound {
  readonly elbo: Tensor;
  readonly rate: Tensor;
  readonly distortion: Tensor;
}

/** The examples that a model with a closed form is solved from. */
export interface Examples {
  readonly count: number;
  /** Adds up over all examples, in float64, what `statistics` makes of a batch [batch, ...shape]. */
  total(statistics: (x: Tensor) => Readonly<Record<string, Tensor>>): Promise<Readonly<Record<string, Float64Array>>>;
}

/**
 * A generative model: what it minimizes, and what it can do, as symbolic functions. A capability that is absent is one
 * the model does not have; commands and metrics ask for capabilities, never for names.
 */
export interface Model {
  objectives(batch: Batch, context: Context): readonly Objective[];
  /** Values for all its variables in closed form, where it has one: training is then this, in place of steps. */
  solve?(examples: Examples): Promise<ReadonlyMap<Variable, Float32Array>>;
  readonly latents?: Codes;
  /** Whether p(x|z) gives probabilities of 0 and 1, so that intensities are to be binarized. */
  readonly binaryData?: boolean;
  /** For a model that learns from labels: how many classes there are. Batches and `scores` then bring labels. */
  readonly classes?: number;
  /** How many training examples keep their labels; all of them when missing. */
  readonly labelledExamples?: number;
  /**
   * The model of p(x | label), int64 labels [batch], each below `classes`: what it can do, it does for batches of those labels.
   * Without a label a conditional model does only what needs none.
   */
  given?(label: Tensor): Model;
  /** q(z|x). */
  encode?(x: Tensor): Distribution;
  /** p(x|z). */
  decode?(z: Tensor): Distribution;
  /** `count` new examples [count, ...shape]: means of p(x|z), z from the prior with its spread times `temperature`. */
  sample?(count: number, options?: { readonly temperature?: number }): Tensor;
  /** The mean of p(x|z) at the mean of q(z|x). */
  reconstruct?(x: Tensor): Tensor;
  /** x with the noise that the model learns to remove, drawn anew at each run. */
  corrupt?(x: Tensor): Tensor;
  /** The bound at beta = 1 from one draw of z, whatever the model was trained with. */
  bound?(x: Tensor): Bound;
  /**
   * Importance weights of draws z of q(z|x), [samples, batch] in nats: log p(x, z) - log q(z|x). The log of their mean over
   * draws is, in expectation, a lower bound on log p(x) that tightens with their number (arXiv:1509.00519, eq. 8).
   */
  logWeights?(x: Tensor, samples: number): Tensor;
  /**
   * Figures of each example, [batch] each, by name: lower is better, and the first picks the best checkpoint. Their means are
   * what validation and test report. `label` is int64 [batch], for a model that states its `classes`.
   */
  scores?(x: Tensor, label?: Tensor): Readonly<Record<string, Tensor>>;
}

/** Settings that suit data of some kind without tuning; what a person gives wins over them. */
export interface Preset {
  /** The kind of data, in words: `images of at least 32x32`. */
  readonly suits: string;
  readonly fits: (data: DataSpec) => boolean;
  /** Of the model's settings. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Of the training settings. */
  readonly training?: Readonly<Record<string, unknown>>;
}

/** A model as the command line, the studio and checkpoints know it. */
export interface ModelDefinition<Config extends object = object> {
  readonly name: string;
  readonly summary: string;
  /** arXiv id, or journal, year and page. */
  readonly paper: string;
  /** Settings with their defaults and ranges; each field's description is its help text. */
  readonly config: z.ZodType<Config>;
  /** All that fit the data are taken, in order. */
  readonly presets?: readonly Preset[];
  /** Throws ConfigError where the data does not fit the settings. */
  build(config: Config, data: DataSpec): Model;
}
