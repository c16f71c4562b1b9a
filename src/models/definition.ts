import type { z } from "zod";
import { givenConfig } from "./given-config.ts";
import type { DataSpec, Model } from "./model.ts";

/** Settings that suit data of some kind without tuning; given settings win over them. */
export interface Preset {
  /** The kind of data, in words: `images of at least 32x32`. */
  readonly suits: string;
  /** `steps`: of training, where someone has said how many. `given`: settings of the model that someone has chosen. */
  readonly fits: (data: DataSpec, steps?: number, given?: Readonly<Record<string, unknown>>) => boolean;
  /** Of the model's settings. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Of the training settings. */
  readonly training?: Readonly<Record<string, unknown>>;
}

/** Remedies for a finding of a training run: settings of this model to change, a clause each. */
export interface Remedies {
  /** Of a metric that was not finite. */
  readonly divergence?: readonly string[];
  /** Of a posterior that is the prior in all but `active` latent dimensions, on such data. */
  readonly collapse?: (active: number, data: Pick<DataSpec, "binary">) => readonly string[];
  /** Of rectified units that are 0 for every example. */
  readonly deadUnits?: readonly string[];
  /** Of training examples that are learned by heart. */
  readonly overFitting?: readonly string[];
  /** Of a codebook of which much is not used. */
  readonly codebook?: readonly string[];
  /** Of entries of a codebook that are far from what they stand for. */
  readonly quantization?: readonly string[];
}

/** A model that is trained first, for its codes. */
export interface CodesModel {
  readonly definition: ModelDefinition;
  /** What suits codes that a model is trained on, after the model's own presets. `steps`: of its training, where someone has said how many. */
  preset(data: DataSpec, steps?: number): Pick<Preset, "config" | "training">;
}

/** The description of a model. */
export interface DefinitionParts<Config extends object> {
  readonly name: string;
  readonly summary: string;
  /** arXiv id, or journal, year and page. */
  readonly paper: string;
  /** Settings with their defaults and ranges; each field's description is its help text. */
  readonly config: z.ZodType<Config>;
  /** All that fit the data apply, in order. */
  readonly presets?: readonly Preset[];
  /**
   * Models that it can be trained on the codes of, by the values of its setting `codes`: such a model is trained first, on the data, and
   * samples are decoded by it. With any other value it is trained on the data.
   */
  readonly codes?: Readonly<Record<string, CodesModel>>;
  remedies?(config: Config): Remedies;
  /** Throws ConfigError where the data does not fit the settings. `parents` are trained, frozen models that the settings name. */
  build(config: Config, data: DataSpec, parents?: Readonly<Record<string, Model>>): Model;
}

/**
 * A model as the command line, the studio and checkpoints know it. Calling it gives the model with settings, for `train`: those
 * that are left out are chosen by the data.
 *
 * @example
 * const choice = vae({ latentDim: 10 });
 */
export interface ModelDefinition<Config extends object = object> extends DefinitionParts<Config> {
  (config?: GivenConfig<Config>): ModelChoice;
}

/** Settings that are given; those of the model whose codes it is trained on, and of its training, as `codes.KEY`. */
export type GivenConfig<Config extends object> = Partial<Config> & Readonly<Record<`codes.${string}`, unknown>>;

/** A model with given settings. */
export interface ModelChoice {
  readonly definition: ModelDefinition;
  /** Checked; what is left out is for presets and defaults. */
  readonly config: object;
}

/**
 * Makes a definition. Calling it throws ConfigError naming the setting that is unknown or out of range.
 *
 * @example
 * const gaussian = defineModel({
 *   name: "gaussian",
 *   summary: "One Gaussian with a diagonal covariance",
 *   paper: "none",
 *   config: z.strictObject({ std: z.number().positive().default(1).describe("initial standard deviation") }),
 *   build({ std }, { shape }) {
 *     const weights = {
 *       mean: new Variable(shape, { kind: "constant", value: 0 }),
 *       logVar: new Variable(shape, { kind: "constant", value: 2 * Math.log(std) }),
 *     };
 *     const p = independent(new Normal(weights.mean, { logVar: weights.logVar }), shape.length);
 *     const nll = (x: Tensor) => p.logProb(x).neg();
 *     return {
 *       ...weights,
 *       objectives: ({ x }) => [{ name: "nll", loss: mean(nll(x)), parameters: parameters(weights), metrics: {} }],
 *       logProb: (x) => p.logProb(x),
 *       validation: (x) => ({ nll: nll(x) }),
 *     };
 *   },
 * });
 * const run = await train(gaussian(), "toy:moons:1000", { steps: 20 });
 * await run.release();
 */
export function defineModel<Config extends object>(parts: DefinitionParts<Config>): ModelDefinition<Config> {
  const choose = (config: GivenConfig<Config> = {}): ModelChoice => ({
    definition,
    config: givenConfig(parts, { ...config }, (key) => `${parts.name}: ${key}`),
  });
  // A function's own name is read-only to assignment, not to definition.
  const definition = Object.defineProperties(
    choose,
    Object.getOwnPropertyDescriptors(parts),
  ) as ModelDefinition<Config>;
  return definition;
}
