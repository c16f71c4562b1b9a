import { z } from "zod";
import { constant, type Tensor } from "../../graph/tensor.ts";
import type { Context } from "../../nn/context.ts";
import { parameters } from "../../nn/module.ts";
import { square } from "../../ops/arithmetic.ts";
import { mean, sum } from "../../ops/reduction.ts";
import {
  type LatentVariableConfig,
  latentVariableConfig,
  LatentVariableModel,
  latentVariableRemedies,
  type PosteriorSamples,
  type Terms,
} from "./latent-variable-model.ts";
import { defineModel } from "../definition.ts";
import type { Batch, Objective } from "../model.ts";
import { likelihoodPresets, networkPresets } from "../parts/presets.ts";

export const covarianceNames = ["means", "codes"] as const;

export interface DIPVAEConfig extends LatentVariableConfig {
  readonly covariance: (typeof covarianceNames)[number];
  readonly offDiagonal: number;
  readonly diagonal: number;
}

/**
 * VAE with a disentangled inferred prior (Kumar, Sattigeri & Balakrishnan 2017, arXiv:1711.00848):
 *
 *   loss = distortion + rate + lambda_od sum_(i != j) C_ij^2 + lambda_d sum_i (C_ii - 1)^2
 *
 * where C is the covariance over the batch of the mean codes, Cov[mean(x)] (DIP-VAE-I), or of the codes themselves,
 * Cov[mean(x)] + E[diag(std(x)^2)] (DIP-VAE-II): that of the prior is I.
 */
export class DIPVAE extends LatentVariableModel<DIPVAEConfig> {
  objectives({ x }: Batch, contextOf: (objective: string) => Context): readonly Objective[] {
    const { offDiagonal, diagonal } = this.config;
    const { q, metrics } = this.batchTerms(x, contextOf("loss"));
    const penalties = this.#penalties(q);
    return [
      {
        name: "loss",
        loss: metrics.negElbo.add(penalties.offDiagonal.mul(offDiagonal)).add(penalties.diagonal.mul(diagonal)),
        parameters: parameters(this),
        metrics: { ...metrics, ...penalties },
      },
    ];
  }

  protected override trainedLoss({ q }: PosteriorSamples, { distortion, rate }: Terms): Tensor {
    const penalties = this.#penalties(q);
    return mean(distortion)
      .add(mean(rate))
      .add(penalties.offDiagonal.mul(this.config.offDiagonal))
      .add(penalties.diagonal.mul(this.config.diagonal));
  }

  /** sum_(i != j) C_ij^2 and sum_i (C_ii - 1)^2 of a batch. */
  #penalties(q: PosteriorSamples["q"]): { readonly offDiagonal: Tensor; readonly diagonal: Tensor } {
    const { covariance } = this.config;
    const c = covarianceOf(q.base.mean);
    const identity = identityOf(c.shape[0]!);
    const of = covariance === "means" ? c : c.add(identity.mul(mean(q.base.variance, 0)));
    const onDiagonal = sum(square(of.mul(identity).sub(identity)));
    return { offDiagonal: sum(square(of.sub(of.mul(identity)))), diagonal: onDiagonal };
  }
}

/** The covariance of rows [n, d] over their n, [d, d]. */
function covarianceOf(rows: Tensor): Tensor {
  const centered = rows.sub(mean(rows, 0, true));
  return centered.transpose().matmul(centered).div(rows.shape[0]!);
}

const identityOf = (n: number): Tensor =>
  constant(
    Array.from({ length: n * n }, (_, i) => Number(Math.floor(i / n) === i % n)),
    [n, n],
  );

/** The registered model. */
export const dipVAE = defineModel<DIPVAEConfig>({
  name: "dip-vae",
  summary: "Disentangled VAE: matches the covariance of the aggregate posterior to that of the prior",
  paper: "arXiv:1711.00848",
  config: z.strictObject({
    ...latentVariableConfig,
    latentDim: latentVariableConfig.latentDim.default(10),
    covariance: z
      .enum(covarianceNames)
      .default("codes")
      .describe("covariance of the posterior means (DIP-VAE-I), or of sampled codes (DIP-VAE-II)"),
    offDiagonal: z.number().min(0).max(1e6).default(10).describe("lambda_od: weight of squared covariances"),
    diagonal: z
      .number()
      .min(0)
      .max(1e6)
      .default(10)
      .describe("lambda_d: weight of squared deviations of variances from 1"),
  }),
  presets: [...networkPresets, ...likelihoodPresets],
  remedies: latentVariableRemedies,
  build: (config, data) => new DIPVAE(config, data),
});
