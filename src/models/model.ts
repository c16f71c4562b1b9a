import type { Distribution } from "../distributions/distribution.ts";
import type { Tensor, Variable } from "../graph/tensor.ts";
import type { Condition, Context } from "../nn/context.ts";
import type { LearningRate, Optimizer } from "../optim/optimizer.ts";
import type { Conditioning } from "./conditioning.ts";
import type { Codes, Latent, Posteriors, Take } from "./latent.ts";
import type { AnyEditor, AnySampler, Bijection, DensityLoop } from "./sampler.ts";

export type { ColumnSpec, DataSpec, FieldSpec } from "../data/spec.ts";

/** The symbolic inputs of a training step. */
export interface Batch {
  /** [batch, ...shape]. */
  readonly x: Tensor;
  /** The fields of the examples that the model's `condition` names: a class is int64 [batch], or -1 where it is not known. */
  readonly fields: Condition;
  /** The fraction of the training examples whose class is known; 1 unless the model states its `labeledExamples`. */
  readonly labeledFraction: number;
  /** The step's number, from 1: a scalar, for schedules inside the loss. */
  readonly step: Tensor;
}

/** What an objective's own optimizer starts from: the run's optimizer and its learning-rate schedule. */
export interface RunOptimizer {
  /** As the run's settings make it, before clipping and averaging, which are applied to whatever comes back. */
  readonly optimizer: Optimizer;
  /** The run's schedule at another peak. */
  readonly scheduled: (learningRate: number) => LearningRate;
  /** The run's optimizer at a multiple of its learning rate, as bare as `optimizer`. */
  readonly atRate: (multiple: number) => Optimizer;
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
  /** Those of them that are over a part of the batch: not a number where there is none of it, and left out of that report. */
  readonly partial?: readonly string[];
  /** The run's own where missing. */
  readonly optimizer?: (run: RunOptimizer) => Optimizer;
  /** Decay of its parameters' EMA weights in place of the run's; `false` for parameters that are never averaged (a critic's). */
  readonly ema?: number | false;
  /** Run in every n-th step only; every step when missing. */
  readonly every?: number;
  /**
   * Run so many times a step, each with fresh noise: on the step's batch; on a fresh one each, the step's first (Goodfellow 2014,
   * algorithm 1); or on separate ones, which no other objective sees (arXiv:1802.05983, algorithm 2).
   */
  readonly repeat?: { readonly times: number; readonly batches: "same" | "fresh" | "separate" };
}

/** An evidence lower bound and its parts, each [batch], in nats per example: elbo = -(distortion + the sum of the rates). */
export interface Elbo {
  readonly elbo: Tensor;
  readonly distortion: Tensor;
  /** By latent, top first. */
  readonly rates: Readonly<Record<string, Tensor>>;
}

/** The examples that a model with a closed form is solved from. */
export interface Examples {
  readonly count: number;
  /** Adds up over all examples, in float64, what `statistics` makes of a batch [batch, ...shape]. */
  total(statistics: (x: Tensor) => Readonly<Record<string, Tensor>>): Promise<Readonly<Record<string, Float64Array>>>;
  /** Gives the values of all examples once, some [count, ...shape] at a time; the array is reused between calls. */
  visit(each: (x: Float32Array, count: number) => void): void;
}

/**
 * A generative model: what it minimizes, and what it can do, as symbolic functions. A capability that is absent is one
 * the model does not have; commands and metrics ask for capabilities, never for names. Every capability gets the context of
 * the graph it becomes part of, and hands it to its layers.
 */
export interface Model {
  /** `contextOf` gives each objective a context of its own, by its name: running statistics are updated in that objective's run. */
  objectives(batch: Batch, contextOf: (objective: string) => Context): readonly Objective[];
  /** Values for all its variables in closed form, where it has one: training is then this, in place of steps. */
  solve?(examples: Examples): Promise<ReadonlyMap<Variable, Float32Array>>;
  /** Whether p(x|z) or p(x) gives probabilities of 0 and 1, so that intensities are to be binarized. */
  readonly binaryData?: boolean;
  /** How many levels from 0 to 1, or symbols, p(x|z) or p(x) gives probabilities of; absent for a density. */
  readonly levels?: number;
  /**
   * Whether p(x) is a density that grows without bound where values of the training examples are constant or follow from others: such data are
   * refused before training.
   */
  readonly unboundedDensity?: true;
  /** What noise between `levels` its likelihood is a bound by, which importance weights over that noise tighten. */
  readonly dequantization?: "uniform" | "variational";
  /** What it can be conditioned on. */
  readonly condition?: Conditioning;
  /** How many training examples keep their class; all of them when missing. */
  readonly labeledExamples?: number;
  /** Its latent variables, top first. */
  readonly latents?: readonly Latent[];
  /**
   * The latent that represents an example in tools on codes, where there are several: what lies below it is sampled given it, and
   * p(x|z) does not depend on what lies above.
   */
  readonly code?: string;
  /** q(z_i | x, those that come before in the posterior's chain), for every latent. */
  encode?(x: Tensor, context: Context, take: Take): Posteriors;
  /** p(x|z). Latents above those it depends on may be left out. */
  decode?(codes: Codes, context: Context): Distribution;
  /** The mean of p(x|z) at the mean of q(z|x). */
  reconstruct?(x: Tensor, context: Context): Tensor;
  /** x with the noise that the model learns to remove, sampled anew at each run. */
  corrupt?(x: Tensor, context: Context): Tensor;
  /** The discriminator's logit, or the critic's score, of examples: [batch], higher for what it takes for data. */
  discriminate?(x: Tensor, context: Context): Tensor;
  /** log q(y|x) of the classes of the data, or of clusters: [batch, classes]. */
  logClasses?(x: Tensor, context: Context): Tensor;
  /** Whether its classes are clusters, found without labels. */
  readonly clusters?: true;
  /** log p(x) exactly, [batch] in nats. */
  logProb?(x: Tensor, context: Context): Tensor;
  /** The same by many steps. */
  readonly density?: DensityLoop;
  /** A code of each example, and the example of each code, by many steps; of a model without `encode` and `decode`. */
  readonly bijection?: Bijection;
  /** The bound at beta = 1 from one sample of z, whatever the model was trained with. */
  elbo?(x: Tensor, context: Context): Elbo;
  /**
   * Importance weights of samples z of q(z|x), [samples, batch] in nats: log p(x, z) - log q(z|x). The log of their mean over
   * samples is, in expectation, a lower bound on log p(x) that tightens with their number (arXiv:1509.00519, eq. 8).
   */
  logWeights?(x: Tensor, samples: number, context: Context): Tensor;
  /** Whether samples have the marginal distributions of the training examples as they are. */
  readonly dataMarginals?: true;
  /** How it samples where that is not ancestral: the top latent from its prior, each below given those above, then p(x|z). */
  readonly sampler?: AnySampler;
  /** Its sampler with predictions guided away from those of a worse model of the same data. Throws ConfigError for one that it cannot use. */
  guidedBy?(other: Model): AnySampler;
  /** How it samples variations of given examples, or the missing part of them. */
  readonly editor?: AnyEditor;
  /**
   * Metrics of each example, [batch] each, by name, lower is better: their means are what validation and test report. The first is
   * the objective that was trained, and picks the best checkpoint.
   */
  validation?(x: Tensor, context: Context): Readonly<Record<string, Tensor>>;
}
