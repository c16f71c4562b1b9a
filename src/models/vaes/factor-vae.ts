import { z } from "zod";
import { noise, type Tensor } from "../../graph/tensor.ts";
import { MLP } from "../../nn/mlp.ts";
import type { Context } from "../../nn/context.ts";
import { parameters } from "../../nn/module.ts";
import { softplus } from "../../ops/elementwise.ts";
import { takeAlongAxis } from "../../ops/indexing.ts";
import { mean } from "../../ops/reduction.ts";
import { reshape } from "../../ops/movement.ts";
import { argsort } from "../../ops/sorting.ts";
import { adam } from "../../optim/adam.ts";
import {
  type LatentVariableConfig,
  latentVariableConfig,
  LatentVariableModel,
  latentVariableRemedies,
  type PosteriorSamples,
  type Terms,
} from "./latent-variable-model.ts";
import { defineModel } from "../definition.ts";
import type { Batch, DataSpec, Objective } from "../model.ts";
import { likelihoodPresets, networkPresets } from "../parts/presets.ts";

export interface FactorVAEConfig extends LatentVariableConfig {
  readonly gamma: number;
  readonly discriminatorDims: readonly number[];
  readonly discriminatorRate: number;
}

/**
 * FactorVAE (Kim & Mnih 2018, arXiv:1802.05983, algorithm 2).
 *
 *   loss = distortion + rate + gamma TC,   TC = KL(q(z) || prod_j q(z_j)) = E_q(z)[log q(z) - log prod_j q(z_j)]     (eq. 2)
 *
 * The log-ratio is learned (eq. 3): a discriminator D separates codes z from codes whose dimensions were each shuffled over the
 * batch, which come from prod_j q(z_j); the logit of the optimal D is that log-ratio. The codes it learns
 * from are those of a second batch.
 */
export class FactorVAE extends LatentVariableModel<FactorVAEConfig> {
  readonly discriminator: MLP;

  constructor(config: FactorVAEConfig, data: DataSpec) {
    super(config, data);
    this.discriminator = new MLP([config.latentDim, ...config.discriminatorDims, 1], { activation: "leakyRelu" });
  }

  objectives({ x }: Batch, contextOf: (objective: string) => Context): readonly Objective[] {
    const { q, code, metrics } = this.batchTerms(x, contextOf("loss"));
    const totalCorrelation = mean(this.discriminator.apply(code));
    const own = new Set(parameters(this.discriminator).values());
    return [
      {
        name: "loss",
        loss: metrics.negElbo.add(totalCorrelation.mul(this.config.gamma)),
        parameters: new Map([...parameters(this)].filter(([, parameter]) => !own.has(parameter))),
        metrics: { ...metrics, totalCorrelation },
      },
      {
        name: "discriminator",
        loss: discriminatorLoss(this.discriminator, q.sample()),
        parameters: new Map([...parameters(this)].filter(([, parameter]) => own.has(parameter))),
        metrics: {},
        repeat: { times: 1, batches: "separate" },
        optimizer: ({ scheduled }) =>
          adam({ learningRate: scheduled(this.config.discriminatorRate), beta1: 0.5, beta2: 0.9 }),
      },
    ];
  }

  protected override trainedLoss({ z, q }: PosteriorSamples, { distortion, rate }: Terms): Tensor {
    const totalCorrelation = mean(this.discriminator.apply(reshape(z, q.shape)));
    return distortion.add(rate).add(totalCorrelation.mul(this.config.gamma));
  }
}

/** Cross-entropy of D between codes [n, d] (logit above 0) and codes with shuffled dimensions: log 2 at chance. */
export function discriminatorLoss(discriminator: MLP, z: Tensor): Tensor {
  const onCodes = mean(softplus(discriminator.apply(z).neg()));
  return onCodes.add(mean(softplus(discriminator.apply(shuffledDimensions(z))))).div(2);
}

/** Codes [n, d] with each dimension permuted independently over the n (algorithm 1): samples of prod_j q(z_j). */
export const shuffledDimensions = (z: Tensor): Tensor => takeAlongAxis(z, argsort(noise.uniform(z.shape), 0), 0);

/** The registered model. */
export const factorVAE = defineModel<FactorVAEConfig>({
  name: "factor-vae",
  summary: "Disentangled VAE: penalizes the total correlation, estimated by a discriminator",
  paper: "arXiv:1802.05983",
  config: z.strictObject({
    ...latentVariableConfig,
    latentDim: latentVariableConfig.latentDim.default(10),
    gamma: z.number().min(0).max(1000).default(10).describe("weight of the total correlation"),
    discriminatorDims: z
      .array(z.int().positive().max(65536))
      .min(1)
      .max(32)
      .default([256, 256, 256])
      .describe("widths of the discriminator's hidden layers (paper: six of 1000)"),
    discriminatorRate: z
      .number()
      .positive()
      .max(1000)
      .default(1e-4)
      .describe("learning rate of the discriminator (Adam, beta1 0.5, beta2 0.9)"),
  }),
  presets: [...networkPresets, ...likelihoodPresets],
  remedies: latentVariableRemedies,
  build: (config, data) => new FactorVAE(config, data),
});
