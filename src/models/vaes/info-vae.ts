import { z } from "zod";
import { ConfigError } from "../../errors.ts";
import { parameters } from "../../nn/module.ts";
import { type LatentVariableConfig, latentVariableConfig, LatentVariableModel } from "./latent-variable-model.ts";
import { type KernelName, kernelNames, mmd } from "../parts/mmd.ts";
import type { Batch, ModelDefinition, Objective } from "../model.ts";
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
 * alpha = 0 and lambda = 1 is the VAE; alpha = 1 leaves the code free to tell of its example whatever it likes, as long as all
 * codes together follow the prior (MMD-VAE).
 */
export class InfoVAE extends LatentVariableModel<InfoVAEConfig> {
  objectives({ x }: Batch): readonly Objective[] {
    const { alpha, lambda, kernel } = this.config;
    const batch = x.shape[0]!;
    if (batch < 2)
      throw new ConfigError("info-vae: a discrepancy needs two codes, got a batch of 1, expected at least 2");
    const { code, distortion, rate, metrics } = this.drawOne(x);
    const discrepancy = mmd(code, this.prior.of(batch).sample(), kernel);
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
}

/** The model as commands know it. */
export const infoVAE: ModelDefinition<InfoVAEConfig> = {
  name: "info-vae",
  summary: "VAE whose codes tell more of their examples: the prior is asked of all codes together",
  paper: "arXiv:1706.02262",
  config: z.strictObject({
    ...latentVariableConfig,
    alpha: z
      .number()
      .max(1)
      .min(-1000)
      .default(1)
      .describe("1 - weight of the rate: 1 is the MMD-VAE, 0 keeps the VAE's"),
    lambda: z
      .number()
      .min(0)
      .max(1e6)
      .default(100)
      .describe("with alpha, the weight of the discrepancy: alpha + lambda - 1"),
    kernel: z
      .enum(kernelNames)
      .default("imq")
      .describe("imq: inverse multiquadratic; rbf: Gaussian; over 7 widths each"),
  }),
  presets: [...networkPresets, ...likelihoodPresets],
  build: (config, data) => new InfoVAE(config, data),
};
