import { z } from "zod";
import { ConfigError } from "../../errors.ts";
import type { Tensor } from "../../graph/tensor.ts";
import type { Context } from "../../nn/context.ts";
import { parameters } from "../../nn/module.ts";
import { reshape } from "../../ops/movement.ts";
import {
  type LatentVariableConfig,
  latentVariableConfig,
  LatentVariableModel,
  latentVariableRemedies,
  type PosteriorSamples,
  type Terms,
} from "./latent-variable-model.ts";
import { type KernelName, kernelNames, mmd } from "../parts/mmd.ts";
import { defineModel } from "../definition.ts";
import type { Batch, DataSpec, Objective } from "../model.ts";
import { likelihoodPresets, networkPresets } from "../parts/presets.ts";

export interface InfoVAEConfig extends LatentVariableConfig {
  readonly alpha: number;
  readonly lambda: number;
  readonly kernel: KernelName;
}

/**
 * InfoVAE (Zhao, Song & Ermon 2017, arXiv:1706.02262), with maximum mean discrepancy as the divergence of the aggregated
 * posterior from the prior:
 *
 *   loss = distortion + (1 - alpha) rate + (alpha + lambda - 1) MMD(q(z), p(z))
 *
 * alpha = 0 and lambda = 1 is the VAE; alpha = 1 does not penalize the information of a code on its example, but matches the
 * aggregate posterior to the prior (MMD-VAE).
 */
export class InfoVAE extends LatentVariableModel<InfoVAEConfig> {
  constructor(config: InfoVAEConfig, data: DataSpec) {
    super(config, data);
    const { alpha, lambda } = config;
    if (alpha + lambda < 1)
      throw new ConfigError(
        `info-vae: the discrepancy would be maximized, got alpha ${alpha} and lambda ${lambda}, expected a sum of at least 1`,
      );
  }

  objectives({ x }: Batch, contextOf: (objective: string) => Context): readonly Objective[] {
    const { alpha, lambda } = this.config;
    const context = contextOf("loss");
    if (x.shape[0]! < 2)
      throw new ConfigError(
        "info-vae: a maximum mean discrepancy needs two codes, got a batch of 1, expected at least 2",
      );
    const { code, distortion, rate, metrics } = this.batchTerms(x, context);
    const discrepancy = this.#discrepancy(code, context);
    const loss = distortion.add(rate.mul(1 - alpha)).add(discrepancy.mul(alpha + lambda - 1));
    return [
      {
        name: "loss",
        loss,
        parameters: parameters(this),
        metrics: { ...metrics, mmd: discrepancy },
      },
    ];
  }

  protected override trainedLoss({ z, q }: PosteriorSamples, terms: Terms, context: Context): Tensor | undefined {
    const { alpha, lambda } = this.config;
    // A single code has no discrepancy: what is left of the loss is per example.
    const own = terms.distortion.add(terms.rate.mul(1 - alpha));
    return q.shape[0]! < 2 ? own : own.add(this.#discrepancy(reshape(z, q.shape), context).mul(alpha + lambda - 1));
  }

  /** MMD(q(z), p(z)) of a batch's codes. */
  #discrepancy(code: Tensor, context: Context): Tensor {
    return mmd(code, this.prior.of(code.shape[0]!, context).sample(), this.config.kernel);
  }
}

/** The registered model. */
export const infoVAE = defineModel<InfoVAEConfig>({
  name: "info-vae",
  summary: "VAE with informative codes: matches the aggregate posterior to the prior by maximum mean discrepancy",
  paper: "arXiv:1706.02262",
  config: z.strictObject({
    ...latentVariableConfig,
    alpha: z.number().max(1).min(-1000).default(1).describe("the weight of the rate is 1 - alpha: 1 is the MMD-VAE"),
    lambda: z
      .number()
      .min(0)
      .max(1e6)
      .default(100)
      .describe("the weight of the maximum mean discrepancy is alpha + lambda - 1"),
    kernel: z
      .enum(kernelNames)
      .default("imq")
      .describe("kernel; imq: inverse multiquadratic; rbf: Gaussian; a sum over 7 bandwidths"),
  }),
  presets: [...networkPresets, ...likelihoodPresets],
  remedies: latentVariableRemedies,
  build: (config, data) => new InfoVAE(config, data),
});
