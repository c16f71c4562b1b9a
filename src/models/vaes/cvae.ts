import { ConfigError } from "../../errors.ts";
import type { Independent } from "../../distributions/independent.ts";
import type { Normal } from "../../distributions/normal.ts";
import { constant, type Tensor } from "../../graph/tensor.ts";
import { parameters } from "../../nn/module.ts";
import { ConditionalDecoder, ConditionalEncoder } from "../parts/conditional-networks.ts";
import { type Likelihood, likelihood } from "../parts/likelihoods.ts";
import type { Batch, Codes, DataSpec, Model, ModelDefinition, Objective, Preset } from "../model.ts";
import { likelihoodPresets, networkPresets } from "../parts/presets.ts";
import { type Prior, prior } from "../parts/priors.ts";
import { VAE, vae, type VAEConfig } from "./vae.ts";

/**
 * Conditional variational auto-encoder (Sohn, Lee & Yan, "Learning structured output representation using deep conditional
 * generative models", NIPS 2015; for a class y, the first term of Kingma et al. 2014, arXiv:1406.5298, eq. 6):
 *
 *   log p(x|y) >= E_q(z|x,y)[log p(x|y,z)] - KL(q(z|x,y) || p(z|y))
 *
 * Given a label it is a VAE whose two networks see it. With p(z|y) = N(0, I) for every class (Kingma et al.) a code is what the
 * examples of all classes have in common, such as a style of writing; a mixture has components of its own for each class, so
 * that the prior of a class is learned (Sohn et al.).
 */
export class CVAE implements Model {
  readonly encoder: ConditionalEncoder;
  readonly decoder: ConditionalDecoder;
  readonly likelihood: Likelihood;
  readonly prior: Prior;
  readonly latents: Codes;
  readonly binaryData: boolean;
  readonly classes: number;
  readonly #config: VAEConfig;
  readonly #data: DataSpec;

  constructor(config: VAEConfig, data: DataSpec) {
    const { shape } = data;
    const { latentDim } = config;
    this.#config = config;
    this.#data = data;
    this.classes = classesOf(data);
    this.likelihood = likelihood(config, data);
    this.binaryData = config.likelihood === "bernoulli";
    this.encoder = new ConditionalEncoder(config, data, this.classes, 2 * latentDim);
    const decoded = shape.with(0, shape[0]! * this.likelihood.channelsPerChannel);
    this.decoder = new ConditionalDecoder(config, latentDim, this.classes, decoded);
    const { binaryData, classes } = this;
    const posterior = (inputs: Tensor): Independent<Normal> =>
      this.given(eachClass(classes, inputs.shape[0]!)).encode(inputs);
    this.prior = prior(config, { latentDim, shape, binaryData, posterior, classes });
    this.latents = { shape: [latentDim] };
  }

  /** p(x|y) with its bound. */
  given(label: Tensor): VAE {
    return new VAE(this.#config, this.#data, {
      encoder: this.encoder.given(label),
      decoder: this.decoder.given(label),
      likelihood: this.likelihood,
      prior: this.prior.given(label),
    });
  }

  objectives(batch: Batch): readonly Objective[] {
    const [objective] = this.given(batch.label!).objectives(batch);
    return [{ ...objective!, parameters: parameters(this) }];
  }

  scores(x: Tensor, label?: Tensor): Readonly<Record<string, Tensor>> {
    return this.given(label!).scores(x);
  }
}

/** How many classes the data have. Throws ConfigError where they have no labels. */
export function classesOf({ classNames }: DataSpec): number {
  if (classNames === undefined)
    throw new ConfigError("model: it learns from labels, got data without, expected labelled data, such as digits");
  return classNames.length;
}

/** Labels for `rows` rows, as many of each class, in the order of the classes. */
const eachClass = (classes: number, rows: number): Tensor =>
  constant(
    Array.from({ length: rows }, (_, row) => Math.floor((row * classes) / rows)),
    [rows],
    "int64",
  );

/**
 * Few dimensions, so that what they leave out is filled by the label, and a prior that knows where each class lies. Of MNIST
 * samples a classifier takes 77 % for their class with the plain defaults (20 epochs), 98 % with these (10 epochs).
 */
export const smallImages: Preset = {
  suits: "images below 32x32",
  fits: ({ shape }) => shape.length === 3 && shape.slice(1).every((side) => side < 32),
  config: { latentDim: 6, hiddenDims: [512, 256], prior: "mixture" },
};

/** The model as commands know it. */
export const cvae: ModelDefinition<VAEConfig> = {
  ...vae,
  name: "cvae",
  summary: "Conditional VAE: a VAE of each class, told apart by the label",
  paper: "arXiv:1406.5298",
  presets: [smallImages, ...networkPresets, ...likelihoodPresets],
  build: (config, data) => new CVAE(config, data),
};
