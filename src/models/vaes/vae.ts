import { z } from "zod";
import type { Distribution } from "../../distributions/distribution.ts";
import { ConfigError } from "../../errors.ts";
import type { Tensor } from "../../graph/tensor.ts";
import type { Context } from "../../nn/context.ts";
import { parameters } from "../../nn/module.ts";
import { abs, minimum } from "../../ops/arithmetic.ts";
import { exp, stopGradient } from "../../ops/elementwise.ts";
import { mean } from "../../ops/reduction.ts";
import {
  type LatentVariableConfig,
  latentVariableConfig,
  LatentVariableModel,
  latentVariableRemedies,
  type Parts,
  type PosteriorSamples,
  type Terms,
  warmupConfig,
  warmupWeight,
} from "./latent-variable-model.ts";
import { defineModel } from "../definition.ts";
import type { Batch, DataSpec, Objective } from "../model.ts";
import { likelihoodPresets, networkPresets, warmupPresets } from "../parts/presets.ts";
import { FlowFamily, posteriorConfig, type PosteriorConfig } from "./posterior-families.ts";

export interface VAEConfig extends LatentVariableConfig, PosteriorConfig {
  readonly samples: number;
  readonly gradient: (typeof gradientNames)[number];
  readonly beta: number;
  readonly finalBeta?: number | undefined;
  readonly betaSteps: number;
  readonly warmup: number;
  readonly capacity?: number | undefined;
  readonly capacitySteps: number;
}

export const gradientNames = ["reparameterized", "score"] as const;

/**
 * Variational auto-encoder (Kingma & Welling 2013, arXiv:1312.6114).
 *
 *   log p(x) >= ELBO(x) = E_q(z|x)[log p(x|z)] - KL(q(z|x) || p(z))          (eq. 3)
 *
 * with p(z) = N(0, I), q(z|x) = N(mean(x), diag(std(x)^2)) (eq. 9), z = mean + std * noise (section 2.4), the KL in closed
 * form (appendix B) and the expectation by L samples (eq. 10). distortion = -E_q[log p(x|z)], rate = KL, in nats per example;
 * the loss is distortion + beta * rate, or with a capacity of C nats that rises from 0 (Burgess et al. 2018, arXiv:1804.03599)
 * distortion + beta * |rate - C|. A beta that falls to a final one (Zhang et al. 2024, arXiv:2310.09656; theirs falls where the
 * reconstruction does not improve) is geometric in the step t:
 *
 *   beta(t) = beta^(1 - u) finalBeta^u,     u = min(t / betaSteps, 1)
 *
 * The encoder's gradient of the distortion is the reparameterized one, or the score-function estimator (section 2.2; Williams 1992)
 *
 *   d/dphi E_q[f(z)] = E_q[f(z) d log q(z|x) / dphi],   f = log p(x|z)
 *
 * which has the same mean, needs no derivative of f, and has too high a variance to learn from, as `gradient` can show.
 */
export class VAE extends LatentVariableModel<VAEConfig, Distribution> {
  constructor(config: VAEConfig, data: DataSpec, parts?: Pick<Parts, "condition">) {
    const { posterior, latentDim } = config;
    super(config, data, { ...parts, ...(posterior !== "gaussian" && { family: new FlowFamily(config, latentDim) }) });
    if (posterior !== "gaussian" && config.prior === "vamp")
      throw new ConfigError(
        `prior: vamp is a mixture of posteriors whose density is known everywhere, got posterior ${posterior}, expected gaussian, or the prior standard or mixture`,
      );
    if (posterior !== "gaussian" && config.gradient === "score")
      throw new ConfigError(
        `gradient: the score-function estimator needs log q(z|x) at given codes, got posterior ${posterior}, expected gaussian`,
      );
    if (config.gradient === "score" && config.prior !== "standard")
      throw new ConfigError(
        `gradient: the score-function estimator needs a rate in closed form, got prior ${config.prior}, expected standard`,
      );
    if (config.finalBeta !== undefined && config.beta === 0)
      throw new ConfigError(
        `finalBeta: a weight of 0 stays at 0, got beta 0, expected a beta above 0 to fall from, or no finalBeta`,
      );
  }

  objectives({ x, step }: Batch, contextOf: (objective: string) => Context): readonly Objective[] {
    const { samples, gradient } = this.config;
    const context = contextOf("loss");
    const terms =
      gradient === "score"
        ? this.#scoreTerms(x, samples, context)
        : this.terms(this.samplePosterior(x, samples, context), context);
    const distortion = mean(terms.distortion);
    const rate = mean(terms.rate);
    const loss = distortion.add(this.excess(rate, step).mul(this.beta(step)));
    return [
      {
        name: "loss",
        loss,
        parameters: parameters(this),
        metrics: { negElbo: distortion.add(rate), rate, distortion },
      },
    ];
  }

  /** The distortion's value with the score-function estimator as its gradient in the encoder. */
  #scoreTerms(x: Tensor, samples: number, context: Context): Terms {
    const q = this.posterior(x, context);
    const z = q.sample([samples]);
    const logLikelihood = this.logLikelihood(x, z, context);
    const logQ = q.logProb(z);
    const score = stopGradient(logLikelihood).mul(logQ.sub(stopGradient(logQ)));
    return { distortion: mean(logLikelihood.add(score), 0).neg(), rate: this.prior.rate(q, z, context) };
  }

  protected override trainedLoss(_: PosteriorSamples<Distribution>, { distortion, rate }: Terms): Tensor | undefined {
    const { capacity, finalBeta, beta: initialBeta } = this.config;
    const beta = finalBeta ?? initialBeta;
    if (capacity !== undefined) return mean(distortion).add(abs(mean(rate).sub(capacity)).mul(beta));
    return beta === 1 ? undefined : distortion.add(rate.mul(beta));
  }

  /** The penalized rate: all of it, or its distance from a capacity that rises over `capacitySteps`. */
  excess(rate: Tensor, step: Tensor): Tensor {
    const { capacity, capacitySteps } = this.config;
    return capacity === undefined ? rate : abs(rate.sub(minimum(step.div(capacitySteps), 1).mul(capacity)));
  }

  /** The weight of the rate at a step. */
  beta(step: Tensor): Tensor {
    const { beta, finalBeta, betaSteps, warmup } = this.config;
    const weight = warmupWeight(step, warmup).mul(beta);
    if (finalBeta === undefined) return weight;
    return weight.mul(exp(minimum(step.div(betaSteps), 1).mul(Math.log(finalBeta / beta))));
  }
}

/** Settings of a VAE. */
export const vaeConfig = {
  ...latentVariableConfig,
  ...posteriorConfig,
  samples: z.int().positive().max(1024).default(1).describe("L: samples of z for each example and step"),
  gradient: z
    .enum(gradientNames)
    .default("reparameterized")
    .describe("estimator of the encoder's gradient: reparameterized samples, or the score function"),
  beta: z.number().min(0).max(1000).default(1).describe("beta: weight of the rate; 1 is the evidence lower bound"),
  finalBeta: z
    .number()
    .positive()
    .max(1000)
    .optional()
    .describe(
      "weight of the rate that beta falls or rises to, geometrically; a small one gives codes that keep the data",
    ),
  betaSteps: z.int().min(1).max(10_000_000).default(10_000).describe("steps over which beta becomes finalBeta"),
  ...warmupConfig,
  capacity: z.number().min(0).max(1e6).optional().describe("capacity C in nats: beta |rate - C| in place of beta rate"),
  capacitySteps: z.int().min(1).max(10_000_000).default(10_000).describe("steps over which the capacity rises from 0"),
};

/**
 * The model as commands know it.
 *
 * @example
 * const run = await train(vae({ latentDim: 2, beta: 4 }), await digitsSource({ size: 500 }), { steps: 20 });
 * const codes = await run.encode(await run.sample(8)); // [8, 2]
 * await run.release();
 */
export const vae = defineModel<VAEConfig>({
  name: "vae",
  summary: "Variational auto-encoder: trained on the evidence lower bound of the likelihood",
  paper: "arXiv:1312.6114",
  config: z.strictObject(vaeConfig),
  presets: [...networkPresets, ...likelihoodPresets, ...warmupPresets],
  remedies: latentVariableRemedies,
  build: (config, data) => new VAE(config, data),
});
