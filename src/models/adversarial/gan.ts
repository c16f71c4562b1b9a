import { z } from "zod";
import type { Distribution } from "../../distributions/distribution.ts";
import { ConfigError } from "../../errors.ts";
import type { Tensor } from "../../graph/tensor.ts";
import type { Context } from "../../nn/context.ts";
import { parametersOf } from "../../nn/module.ts";
import type { Layer } from "../../nn/residual.ts";
import { stopGradient } from "../../ops/elementwise.ts";
import { clipWeights } from "../../optim/wrappers.ts";
import { defineModel } from "../definition.ts";
import type { Codes, Latent } from "../latent.ts";
import type { Batch, DataSpec, FieldSpec, Model, Objective } from "../model.ts";
import { centeredOf } from "../parts/centered.ts";
import { fieldsOf } from "../parts/fields.ts";
import { type FixedPrior, standardNormal, standardNormalLatent } from "../parts/fixed-priors.ts";
import { discriminatorTurn, generatorLoss } from "./game.ts";
import { type AdversarialLossName, adversarialLosses, adversarialLossNames } from "./losses.ts";
import { type AdversarialNetworkConfig, adversarialNetworkConfig, discriminatorFor, Generator } from "./networks.ts";
import { type GeneratorOutput, generatorOutput } from "./outputs.ts";
import { type GradientPenaltyName, gradientPenaltyNames } from "./penalties.ts";
import { adversarialPresets } from "./presets.ts";

export interface GANConfig extends AdversarialNetworkConfig {
  readonly latentDim: number;
  readonly loss: AdversarialLossName;
  readonly penalty: GradientPenaltyName;
  readonly penaltyWeight?: number | undefined;
  readonly annealing?: number | undefined;
  readonly clip: number;
  readonly smoothing: number;
  readonly discriminatorSteps: number;
  readonly rateRatio: number;
  readonly conditional: boolean;
}

/**
 * Generative adversarial network (Goodfellow et al. 2014, arXiv:1406.2661, algorithm 1): the discriminator, `discriminatorSteps` times
 * a step and each on a fresh batch,
 *
 *   minimizes  L_D(f(x), f(G(z))) + weight Omega(f)
 *
 * then the generator minimizes L_G(f(G(z)), f(x)), z ~ N(0, I). The losses are in [losses.ts](losses.ts), the penalties Omega on f's
 * gradient in [penalties.ts](penalties.ts). Images are seen by both as values from -1 to 1, so that weights of penalties
 * are those of the papers.
 */
class GAN implements Model {
  readonly generator: Generator;
  readonly discriminator: Layer;
  readonly latents: readonly [Latent];
  readonly condition?: { readonly fields: readonly FieldSpec[]; readonly required: true };
  readonly #config: GANConfig;
  readonly #output: GeneratorOutput;
  readonly #prior: FixedPrior;
  readonly #seen: (x: Tensor) => Tensor;

  constructor(config: GANConfig, data: DataSpec) {
    const { latentDim, loss, penalty, clip, smoothing, conditional } = config;
    if (smoothing > 0 && !adversarialLosses[loss].smoothable)
      throw new ConfigError(
        `smoothing: the loss ${loss} has no labels to smooth, got ${smoothing}, expected 0, or one of the losses ${adversarialLossNames.filter((name) => adversarialLosses[name].smoothable).join(", ")}`,
      );
    if (penalty === "none" && config.penaltyWeight !== undefined)
      throw new ConfigError(
        `penaltyWeight: there is no penalty, got ${config.penaltyWeight}, expected penalty to be one of ${gradientPenaltyNames.slice(1).join(", ")}`,
      );
    if (loss === "wasserstein" && penalty === "none" && clip === 0 && !config.spectralNorm)
      throw new ConfigError(
        "loss: a critic without a bound on its slope has no Wasserstein distance, got neither penalty, clip nor spectralNorm, expected one, such as penalty=interpolates",
      );
    const fields = conditional ? fieldsOf(data, ["class"]) : [];
    if (conditional) this.condition = { fields, required: true };
    this.#config = config;
    this.#output = generatorOutput(data);
    this.#prior = standardNormal(latentDim);
    this.#seen = centeredOf(data);
    this.generator = new Generator(config, latentDim, data.shape, fields);
    this.discriminator = discriminatorFor(config, data.shape, fields);
    this.latents = [standardNormalLatent(latentDim)];
  }

  decode({ z: code }: Codes, context: Context): Distribution {
    return this.#output.distribution(this.generator.apply(code!, context));
  }

  discriminate(x: Tensor, context: Context): Tensor {
    return this.discriminator.apply(this.#seen(x), context);
  }

  objectives({ x, step }: Batch, contextOf: (objective: string) => Context): readonly Objective[] {
    const { loss, discriminatorSteps, rateRatio, clip } = this.#config;
    const real = this.#seen(x);

    const ofDiscriminator = contextOf("discriminator");
    const f =
      (context: Context) =>
      (seen: Tensor): Tensor =>
        this.discriminator.apply(seen, context);
    const fake = stopGradient(this.#samples(x.shape[0]!, ofDiscriminator));
    const turn = discriminatorTurn(f(ofDiscriminator), { real, fake }, this.#config, step);

    const ofGenerator = contextOf("generator");
    const fooled = this.#samples(x.shape[0]!, ofGenerator);
    return [
      {
        name: "discriminator",
        loss: turn.loss,
        parameters: parametersOf(this, this.discriminator),
        metrics: turn.metrics,
        repeat: { times: discriminatorSteps, batches: "fresh" },
        ema: false,
        optimizer({ atRate }) {
          const optimizer = atRate(rateRatio);
          return clip > 0 ? clipWeights(optimizer, clip) : optimizer;
        },
      },
      {
        name: "generator",
        loss: generatorLoss(f(ofGenerator), { real, fake: fooled }, loss),
        parameters: parametersOf(this, this.generator),
        metrics: {},
      },
    ];
  }

  /** As the discriminator sees them. */
  #samples(count: number, context: Context): Tensor {
    const code = this.#prior(count).sample();
    return this.#seen(this.#output.samples(this.generator.apply(code, context)));
  }
}

/** The registered model. */
export const gan = defineModel<GANConfig>({
  name: "gan",
  summary: "Generative adversarial network: minimax, non-saturating, hinge, least squares, Wasserstein, relativistic",
  paper: "arXiv:1406.2661",
  config: z.strictObject({
    latentDim: z.int().positive().max(4096).default(64).describe("latent dimensions of the generator's noise"),
    ...adversarialNetworkConfig,
    loss: z
      .enum(adversarialLossNames)
      .default("relativistic")
      .describe("game between discriminator and generator; relativistic: each sample against a real example, R3GAN's"),
    penalty: z
      .enum(gradientPenaltyNames)
      .default("r1-r2")
      .describe(
        "gradient penalty of the discriminator; interpolates: WGAN-GP's; js: of the Jensen-Shannon GAN; r1: on real examples; r2: on samples",
      ),
    penaltyWeight: z
      .number()
      .min(0)
      .max(1e6)
      .optional()
      .describe("weight of the penalty (default: the paper's; interpolates 10, js 2, r1 and r2 10, r1-r2 1)"),
    annealing: z
      .int()
      .min(0)
      .max(10_000_000)
      .optional()
      .describe(
        "steps over which the penalty's weight falls to a hundredth; 0: constant (default: 10,000 for js, else 0)",
      ),
    clip: z
      .number()
      .min(0)
      .max(1000)
      .default(0)
      .describe("weight clipping: largest absolute value of the discriminator's weights; 0: none (WGAN: 0.01)"),
    smoothing: z
      .number()
      .min(0)
      .lt(1)
      .default(0)
      .describe("one-sided label smoothing: 1 minus the discriminator's target for real examples"),
    discriminatorSteps: z
      .int()
      .positive()
      .max(100)
      .default(1)
      .describe("k: updates of the discriminator, each on a fresh batch, for one of the generator"),
    rateRatio: z
      .number()
      .positive()
      .max(1000)
      .default(1)
      .describe("two time-scale update: the discriminator's learning rate as a multiple of the generator's"),
    conditional: z.boolean().default(false).describe("class-conditional: p(x|y) of labeled data"),
  }),
  presets: adversarialPresets,
  build: (config, data) => new GAN(config, data),
});
