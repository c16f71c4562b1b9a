import { z } from "zod";
import type { Distribution } from "../../distributions/distribution.ts";
import { type Independent, independent } from "../../distributions/independent.ts";
import { kl } from "../../distributions/kl.ts";
import { Normal } from "../../distributions/normal.ts";
import { ConfigError } from "../../errors.ts";
import type { Tensor } from "../../graph/tensor.ts";
import type { Context } from "../../nn/context.ts";
import { Linear } from "../../nn/linear.ts";
import { parametersOf } from "../../nn/module.ts";
import type { Layer } from "../../nn/residual.ts";
import { square } from "../../ops/arithmetic.ts";
import { softplus, stopGradient } from "../../ops/elementwise.ts";
import { concat, split } from "../../ops/movement.ts";
import { mean, sum } from "../../ops/reduction.ts";
import { defineModel } from "../definition.ts";
import type { Codes, Latent } from "../latent.ts";
import type { Batch, DataSpec, Model, Objective } from "../model.ts";
import { centeredOf } from "../parts/centered.ts";
import { type FixedPrior, standardNormal, standardNormalLatent } from "../parts/fixed-priors.ts";
import {
  type AdversarialNetworkConfig,
  adversarialNetworkConfig,
  Discriminator,
  type Features,
  featuresFor,
  Generator,
} from "./networks.ts";
import { type GeneratorOutput, generatorOutput } from "./outputs.ts";
import { gradientPenalties, halves } from "./penalties.ts";
import { adversarialPresets } from "./presets.ts";

export interface VAEGANConfig extends Pick<
  AdversarialNetworkConfig,
  "network" | "hiddenDims" | "channels" | "generatorNorm"
> {
  readonly latentDim: number;
  readonly gamma: number;
  readonly layer?: number | undefined;
  readonly saturating: boolean;
  readonly penaltyWeight: number;
}

/** x to the mean and log variance of q(z|x): layers like the discriminator's, and a linear one. */
class Encoder implements Layer {
  readonly phi: Features;
  readonly linear: Linear;
  constructor(config: AdversarialNetworkConfig, shape: readonly number[], outDim: number) {
    this.phi = featuresFor(config, shape);
    this.linear = new Linear(this.phi.size, outDim);
  }
  apply(x: Tensor, context: Context): Tensor {
    return this.linear.apply(this.phi.apply(x, context));
  }
}

/**
 * VAE-GAN (Larsen, Sonderby, Larochelle & Winther 2015, arXiv:1512.09300, algorithm 1): a VAE whose reconstruction error is measured in the
 * features Dis_l of a discriminator, with x~ = Dec(z), z ~ q(z|x), and x_p = Dec(z_p), z_p ~ N(0, I):
 *
 *   L_prior = KL(q(z|x) || p(z))
 *   L_llike = -log N(Dis_l(x); Dis_l(x~), I)  =  1/2 |Dis_l(x) - Dis_l(x~)|^2 + const.                        (eq. 7)
 *   L_GAN   = log D(x) + log(1 - D(x~)) + log(1 - D(x_p)),     D = sigmoid(f)                                  (eq. 9)
 *
 *   encoder        minimizes  L_prior + L_llike
 *   decoder        minimizes  gamma L_llike - L_GAN
 *   discriminator  minimizes  -L_GAN, here with weight/2 |df/dx|^2 on examples (r1, arXiv:1801.04406, eq. 9)
 *
 * L_GAN does not reach the encoder, nor L_llike the discriminator. Of the decoder's -L_GAN each log(1 - D) becomes -log D, which does not
 * saturate, unless `saturating`. The algorithm takes the three gradients at the same weights; here each step is seen by the next.
 */
export class VAEGAN implements Model {
  readonly encoder: Encoder;
  readonly decoder: Generator;
  readonly discriminator: Discriminator;
  readonly latents: readonly [Latent];
  readonly #config: VAEGANConfig;
  readonly #output: GeneratorOutput;
  readonly #prior: FixedPrior;
  readonly #seen: (x: Tensor) => Tensor;

  constructor(config: VAEGANConfig, data: DataSpec) {
    const { latentDim, layer } = config;
    const networks = { ...config, spectralNorm: false, conditioning: "projection" } as const;
    this.#config = config;
    this.#output = generatorOutput(data);
    this.#prior = standardNormal(latentDim);
    this.#seen = centeredOf(data);
    this.encoder = new Encoder(networks, data.shape, 2 * latentDim);
    this.decoder = new Generator(networks, latentDim, data.shape);
    this.discriminator = new Discriminator(networks, data.shape);
    const { length } = this.discriminator.phi.layers;
    if (layer !== undefined && layer > length)
      throw new ConfigError(
        `layer: the discriminator has no such hidden layer, got ${layer}, expected 1 to ${length}: one for each of ${config.network === "mlp" ? "hiddenDims" : "channels"}`,
      );
    this.latents = [{ ...standardNormalLatent(latentDim), gaussianPosterior: true }];
  }

  encode(x: Tensor, context: Context): { readonly z: Independent<Normal> } {
    return { z: this.#posterior(this.#seen(x), context) };
  }

  /** All probability at Dec(z), but for the categories of a table. */
  decode(codes: Codes, context: Context): Distribution {
    return this.#output.distribution(this.decoder.apply(codes["z"]!, context));
  }

  reconstruct(x: Tensor, context: Context): Tensor {
    return this.decode({ z: this.encode(x, context).z.mean }, context).mean;
  }

  discriminate(x: Tensor, context: Context): Tensor {
    return this.discriminator.apply(this.#seen(x), context);
  }

  objectives({ x }: Batch, contextOf: (objective: string) => Context): readonly Objective[] {
    const real = this.#seen(x);
    return [
      this.#encoderObjective(real, contextOf("encoder")),
      this.#decoderObjective(real, contextOf("decoder")),
      this.#discriminatorObjective(real, contextOf("discriminator")),
    ];
  }

  #encoderObjective(real: Tensor, context: Context): Objective {
    const q = this.#posterior(real, context);
    const rate = mean(kl(q, this.#prior(real.shape[0]!)));
    const featureError = this.#featureError(real, this.#decoded(q.rsample(), context), context);
    const parameters = parametersOf(this, this.encoder);
    return { name: "encoder", loss: rate.add(featureError), parameters, metrics: { rate, featureError } };
  }

  #decoderObjective(real: Tensor, context: Context): Objective {
    const { gamma, saturating } = this.#config;
    const [reconstructed, sampled] = this.#fakes(real, context);
    const fooling = (fake: Tensor): Tensor => {
      const f = this.discriminator.apply(fake, context);
      return saturating ? mean(softplus(f)).neg() : mean(softplus(f.neg()));
    };
    const loss = this.#featureError(real, reconstructed, context)
      .mul(gamma)
      .add(fooling(reconstructed))
      .add(fooling(sampled));
    return { name: "decoder", loss, parameters: parametersOf(this, this.decoder), metrics: {} };
  }

  #discriminatorObjective(real: Tensor, context: Context): Objective {
    const { penaltyWeight } = this.#config;
    const [reconstructed, sampled] = this.#fakes(real, context).map(stopGradient) as [Tensor, Tensor];
    const f = (seen: Tensor): Tensor => this.discriminator.apply(seen, context);
    const [onReal, onReconstructed, onSampled] = [f(real), f(reconstructed), f(sampled)];
    const lossGAN = mean(softplus(onReal.neg()))
      .add(mean(softplus(onReconstructed)))
      .add(mean(softplus(onSampled)));
    const penalty = penaltyWeight > 0 ? gradientPenalties.r1.of(f, { real, fake: sampled }) : undefined;
    return {
      name: "discriminator",
      loss: penalty ? lossGAN.add(penalty.mul(penaltyWeight)) : lossGAN,
      parameters: parametersOf(this, this.discriminator),
      metrics: {
        realScore: mean(onReal),
        reconstructedScore: mean(onReconstructed),
        sampledScore: mean(onSampled),
        ...(penalty && { penalty }),
      },
      ema: false,
    };
  }

  /** x~ and x_p, decoded in one batch: normalization sees both. */
  #fakes(real: Tensor, context: Context): readonly [reconstructed: Tensor, sampled: Tensor] {
    const code = this.#posterior(real, context).sample();
    return halves(this.#decoded(concat([code, this.#prior(real.shape[0]!).sample()], 0), context));
  }

  /** L_llike but for its constant, a mean over the batch. */
  #featureError(real: Tensor, reconstructed: Tensor, context: Context): Tensor {
    const of = (seen: Tensor): Tensor => this.discriminator.features(seen, context, this.#config.layer);
    return mean(sum(square(of(real).sub(of(reconstructed))), 1)).div(2);
  }

  #posterior(seen: Tensor, context: Context): Independent<Normal> {
    const [center, logVar] = split(this.encoder.apply(seen, context), 1, 2);
    return independent(new Normal(center, { logVar }), 1);
  }

  /** As the discriminator sees it. */
  #decoded(code: Tensor, context: Context): Tensor {
    return this.#seen(this.#output.samples(this.decoder.apply(code, context)));
  }
}

const { network, hiddenDims, channels, generatorNorm } = adversarialNetworkConfig;

/** The registered model. */
export const vaeGAN = defineModel<VAEGANConfig>({
  name: "vae-gan",
  summary: "VAE with a discriminator: the reconstruction error is measured in its features",
  paper: "arXiv:1512.09300",
  config: z.strictObject({
    latentDim: z.int().positive().max(4096).default(64).describe("latent dimensions"),
    network: network.describe(
      "encoder, decoder and discriminator; mlp: fully connected; dcgan: strided convolutions, for images; residual: dcgan with a residual block at each resolution",
    ),
    hiddenDims: hiddenDims.describe(
      "mlp: widths of the hidden layers of encoder and discriminator; the decoder mirrors them",
    ),
    channels: channels.describe(
      "dcgan, residual: channels of the 4x4 stride-2 layers of encoder and discriminator; the decoder mirrors them",
    ),
    generatorNorm: generatorNorm.describe(
      "normalization of the decoder's hidden layers; batch: batch normalization, as in DCGAN",
    ),
    gamma: z
      .number()
      .min(0)
      .max(1e6)
      .default(0.1)
      .describe("gamma: weight of the reconstruction error against the discriminator, for the decoder"),
    layer: z
      .int()
      .positive()
      .max(32)
      .optional()
      .describe("l: hidden layer of the discriminator whose features are reconstructed, from 1 (default: the last)"),
    saturating: z
      .boolean()
      .default(false)
      .describe("whether the decoder minimizes log(1 - D), as in the paper, in place of -log D"),
    penaltyWeight: z
      .number()
      .min(0)
      .max(1e6)
      .default(1)
      .describe("weight of the r1 gradient penalty of the discriminator; 0: none, as in the paper"),
  }),
  presets: adversarialPresets,
  build: (config, data) => new VAEGAN(config, data),
});
