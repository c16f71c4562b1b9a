import { z } from "zod";
import type { Tensor } from "../graph/tensor.ts";
import { conditioned, type Context } from "../nn/context.ts";
import { type Codes, completeCodes, type Latent } from "./latent.ts";
import type { Model } from "./model.ts";

/**
 * Options as graphs see them: numbers are scalars that each run is given, so that no value of theirs compiles anything anew; flags
 * and names decide what is compiled.
 */
export type Symbolic<Options> = {
  readonly [Key in keyof Options]: Options[Key] extends number | undefined
    ? Tensor | Extract<Options[Key], undefined>
    : Options[Key];
};

/** Scalars of a step, by name: a noise level, a time. */
export type StepScalars = Readonly<Record<string, number>>;

/**
 * Sampling as a loop of the host over one compiled step, or over one for each set of names that the scalars of its steps have. A model that samples at
 * once has a schedule of length 0: its start and finish are one graph.
 */
export interface Sampler<Options extends object = object> {
  /** They become flags, form fields and HTTP parameters; each field's description is its help text. */
  readonly options: z.ZodType<Options>;
  /** The scalars of each step, in order; steps of the same names are one graph. */
  schedule(options: Options): readonly StepScalars[];
  /** Where its options are `solver` and `steps`: solvers to compare. */
  readonly solvers?: readonly string[];
  /** Passes of the network that a sample takes; undefined where it decides by itself. */
  passes?(options: Options): number | undefined;
  /** The state before the first step, `count` rows each. */
  start(count: number, options: Symbolic<Options>, context: Context): Codes;
  /** The next state, of the same names, dtypes and shapes. */
  step?(state: Codes, at: Readonly<Record<string, Tensor>>, options: Symbolic<Options>, context: Context): Codes;
  /** Examples of a state, [count, ...shape]: the last one's are the samples, an earlier one's a preview. */
  finish(state: Codes, options: Symbolic<Options>, context: Context): Tensor;
  /** The state itself in the range of examples, [count, ...shape], beside what `finish` makes of it: with the noise that is left. */
  noisy?(state: Codes): Tensor;
  /** Which rows have steps left, [count] of booleans: the loop ends where none has, and fails where one has after the last step of the schedule. */
  pending?(state: Codes): Tensor | undefined;
  /** Numbers of the samples of a state worth telling, [count] each by name: evaluations of a solver that chooses its steps. */
  report?(state: Codes): Readonly<Record<string, Tensor>>;
}

/** A sampler of whatever options: they are what its own schema has parsed. */
// oxlint-disable-next-line typescript/no-explicit-any -- methods of a sampler take just the options that its schema gives
export type AnySampler = Sampler<any>;

/** What an edit starts from, [count, ...shape] each. */
export interface Edited {
  readonly x: Tensor;
  /** 1 where values are sampled anew, 0 where those of x are kept; nothing is kept where missing. */
  readonly mask?: Tensor;
}

/** Sampling that starts from given examples, in place of noise alone: the same loop as a sampler's, with another start. */
export interface Editor<Options extends object = object> {
  /** They become flags; each field's description is its help text. */
  readonly options: z.ZodType<Options>;
  /** The scalars that `start` is given, and those of each step; steps of the same names are one graph. Throws ConfigError for options that do nothing. */
  schedule(
    options: Options,
    given: { readonly masked: boolean },
  ): { readonly start: StepScalars; readonly steps: readonly StepScalars[] };
  /** The state before the first step. */
  start(given: Edited, at: Readonly<Record<string, Tensor>>, options: Symbolic<Options>, context: Context): Codes;
  /** The next state, of the same names, dtypes and shapes. */
  step(state: Codes, at: Readonly<Record<string, Tensor>>, options: Symbolic<Options>, context: Context): Codes;
  /** Examples of a state, [count, ...shape]. */
  finish(state: Codes, options: Symbolic<Options>, context: Context): Tensor;
}

/** An editor of whatever options, as AnySampler. */
// oxlint-disable-next-line typescript/no-explicit-any -- methods of an editor take just the options that its schema gives
export type AnyEditor = Editor<any>;

/** A function of rows as a loop of the host over one compiled step, where it is the solution of a differential equation. */
export interface Loop {
  /** The scalars of each step, in order; every step has the same names. */
  schedule(): readonly StepScalars[];
  /** The state before the first step, of [batch, ...shape]. */
  start(x: Tensor, context: Context): Codes;
  /** The next state, of the same names, dtypes and shapes. */
  step(state: Codes, at: Readonly<Record<string, Tensor>>, context: Context): Codes;
  /** The value, [batch, ...]. */
  finish(state: Codes, context: Context): Tensor;
}

/** log p(x) of examples, [batch] in nats, by many steps: a sampler in the other direction. */
export interface DensityLoop extends Loop {
  /** What the values are, for a reader: "probability-flow ODE, 40 steps". */
  readonly note: string;
}

/** An invertible map between examples and codes by many steps. */
export interface Bijection {
  /** The code: one vector of as many values as an example. */
  readonly latent: Latent;
  /** Of examples [batch, ...shape]: codes [batch, size]. */
  readonly encode: Loop;
  /** The inverse. */
  readonly decode: Loop;
}

/** Names that no option of a sampler may have: settings of sampling itself, and flags of every command that samples. */
export const reservedOptions: readonly string[] = [
  "checkpoint",
  "codes",
  "condition",
  "count",
  "device",
  "ema",
  "first",
  "guide",
  "help",
  "escapeFormulas",
  "film",
  "json",
  "label",
  "marginals",
  "model",
  "out",
  "previewEvery",
  "prior",
  "radius",
  "seed",
  "show",
  "threads",
];

/** Options of ancestral sampling. */
export const ancestralOptions = z.strictObject({
  temperature: z
    .number()
    .min(0)
    .max(100)
    .default(1)
    .describe("temperature: factor on the prior's standard deviation; below 1 for more typical samples"),
  mean: z.boolean().default(false).describe("means of p(x|z) in place of samples"),
});
export type AncestralOptions = z.output<typeof ancestralOptions> & {
  readonly temperatures?: readonly number[] | undefined;
};

/** The same of several latents. */
const hierarchicalOptions = (latents: number): z.ZodType<AncestralOptions> =>
  ancestralOptions.extend({
    temperatures: z
      .array(z.number().min(0).max(100))
      .min(1)
      .max(latents)
      .optional()
      .describe("factor on the temperature of each latent, the top one first; the last is that of all below"),
  });

/** Samples top-down: the top latent from its prior, each below given those above, then p(x|z). */
export function ancestral(latents: readonly Latent[], decode: NonNullable<Model["decode"]>): Sampler<AncestralOptions> {
  return {
    options: latents.length > 1 ? hierarchicalOptions(latents.length) : ancestralOptions,
    schedule: () => [],
    start: (count, { temperature, temperatures }, context) =>
      completeCodes(latents, {}, { count, context, temperature, temperatures }),
    finish(codes, { mean }, context) {
      const p = decode(codes, context);
      return mean ? p.mean : p.sample();
    },
  };
}

/**
 * How a model samples: as it says, or ancestrally where it decodes and each latent has a prior; undefined where it cannot.
 *
 * @example
 * const model = vae.build(vae.config.parse({ latentDim: 2 }), dataSpec([1, 28, 28]));
 * samplerOf(model)?.schedule({}).length; // 0
 * samplerOf(ae.build(ae.config.parse({}), dataSpec([1, 28, 28]))); // undefined
 */
export function samplerOf(model: Model): AnySampler | undefined {
  const { sampler, latents = [] } = model;
  if (sampler) return sampler;
  if (!model.decode || latents.length === 0 || latents.some(({ prior }) => !prior)) return undefined;
  return ancestral(latents, (codes, context) => model.decode!(codes, context));
}

/**
 * A sampler's predictions with classifier-free guidance (arXiv:2207.12598, eq. 6): without + weight (with - without), where without is with no
 * condition at all unless it is given.
 */
export function guided(
  predict: (context: Context) => Tensor,
  weight: Tensor,
  context: Context,
  without: Context = conditioned(context, undefined),
): Tensor {
  const base = predict(without);
  return base.add(predict(context).sub(base).mul(weight));
}
