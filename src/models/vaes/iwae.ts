import { z } from "zod";
import { independent } from "../../distributions/independent.ts";
import { Normal } from "../../distributions/normal.ts";
import { ConfigError } from "../../errors.ts";
import { grad } from "../../graph/grad.ts";
import type { Tensor } from "../../graph/tensor.ts";
import type { Context } from "../../nn/context.ts";
import { parameters } from "../../nn/module.ts";
import { maximum } from "../../ops/arithmetic.ts";
import { stopGradient } from "../../ops/elementwise.ts";
import { reshape } from "../../ops/movement.ts";
import { logMeanExp, mean, softmax, sum } from "../../ops/reduction.ts";
import {
  type LatentVariableConfig,
  latentVariableConfig,
  LatentVariableModel,
  latentVariableRemedies,
  warmupConfig,
  warmupWeight,
} from "./latent-variable-model.ts";
import { defineModel } from "../definition.ts";
import type { Batch, DataSpec, Objective } from "../model.ts";
import { likelihoodPresets, networkPresets } from "../parts/presets.ts";

export const importanceObjectives = ["iwae", "miwae", "piwae", "ciwae"] as const;
export const importanceGradients = ["standard", "stl", "dreg"] as const;

export interface IWAEConfig extends LatentVariableConfig {
  readonly samples: number;
  readonly groups: number;
  readonly mix: number;
  readonly warmup: number;
  readonly objective: (typeof importanceObjectives)[number];
  readonly gradient: (typeof importanceGradients)[number];
}

/** Weights of an example's samples in a gradient, [samples, batch]; their sum over samples is 1. */
interface GradientWeights {
  readonly weights: Tensor;
  /** Weights of the doubly reparameterized path through z. */
  readonly doubly: Tensor;
}

/**
 * Importance-weighted auto-encoder (Burda et al. 2015, arXiv:1509.00519).
 *
 *   log p(x) >= L_k(x) = E[log 1/k sum_i w_i] >= ELBO(x),   w_i = p(x, z_i) / q(z_i|x),  z_i ~ q(z|x)        (eq. 8)
 *
 * Objectives of k samples (Rainforth et al. 2018, arXiv:1802.04537):
 *
 *   iwae    L_k for both networks
 *   miwae   the mean of L_(k/m) over m groups of samples
 *   piwae   L_k for the decoder, the mean of L_(k/m) for the encoder
 *   ciwae   mix ELBO + (1 - mix) L_k
 *
 * The gradient of each, with normalized weights s_i (for iwae s_i = w_i / sum_j w_j), is
 *
 *   sum_i s_i [d log p(x, z_i) / d theta],    theta of the decoder and the prior
 *   sum_i s_i [d log w_i / dz  dz_i / d phi  -  d log q(z_i|x) / d phi],    phi of the encoder
 *
 * and the estimators of the second line differ:
 *
 *   standard  as it stands
 *   stl       without d log q / d phi (Roeder et al. 2017, arXiv:1703.09194): less variance, biased for k > 1
 *   dreg      without it, and s_i^2 in place of s_i (Tucker et al. 2018, arXiv:1810.04152): unbiased, and its signal-to-noise
 *             ratio does not vanish as k grows
 *
 * While the rate's weight beta rises from 0 to 1 over `warmup` steps, log w_i is log p(x|z_i) + beta [log p(z_i) - log q(z_i|x)]
 * in the gradient, which makes dreg's s_i (1 - beta) s_i + beta s_i^2; the bound that is reported has beta = 1.
 */
export class IWAE extends LatentVariableModel<IWAEConfig> {
  constructor(config: IWAEConfig, data: DataSpec) {
    super(config, data);
    const { samples, groups } = config;
    if (samples % groups !== 0)
      throw new ConfigError(
        `groups: samples do not divide evenly, got ${samples} samples in ${groups} groups, expected a divisor`,
      );
  }

  objectives({ x, step }: Batch, contextOf: (objective: string) => Context): readonly Objective[] {
    const { samples, gradient, objective, warmup } = this.config;
    const context = contextOf("loss");
    const batch = x.shape[0]!;
    const q = this.posterior(x, context);
    const z = q.rsample([samples]);
    // A second leaf for the same codes separates derivatives through z from those in the parameters.
    const code = stopGradient(z);
    const fixedQ = independent(new Normal(stopGradient(q.base.mean), { logVar: stopGradient(q.base.logVar) }), 1);
    const logLikelihood = this.logLikelihood(x, code, context);
    const logPrior = this.prior.of(batch, context).logProb(code);
    const logQ = fixedQ.logProb(code);
    const beta = warmupWeight(step, warmup);
    const annealed = (log: Tensor): Tensor => (warmup === 0 ? log : log.mul(beta));
    const logJoint = logLikelihood.add(annealed(logPrior));
    const logWeights = logJoint.sub(annealed(logQ));

    const fixedLogWeights = stopGradient(logWeights);
    const decoder = this.#gradientWeights(fixedLogWeights, objective === "piwae" ? "iwae" : objective).weights;
    const encoder = this.#gradientWeights(fixedLogWeights, objective === "piwae" ? "miwae" : objective);
    const weighted = (weights: Tensor, logs: Tensor): Tensor => sum(weights.mul(logs)).div(-batch);

    const [toward] = grad(weighted(encoder.weights, logWeights), [code]);
    const doubly = warmup === 0 ? encoder.doubly : encoder.doubly.sub(1).mul(beta).add(1);
    const path = gradient === "dreg" ? reshape(doubly, [samples, batch, 1]).mul(toward!) : toward!;
    const terms = [weighted(decoder, logJoint), sum(stopGradient(path).mul(z))];
    if (gradient === "standard") terms.push(weighted(encoder.weights, annealed(q.logProb(code))).neg());
    const surrogate = terms.reduce((a, b) => a.add(b));

    const rate = mean(this.prior.rate(q, z, context));
    const distortion = mean(logLikelihood).neg();
    const whole = stopGradient(logLikelihood.add(logPrior).sub(logQ));
    const negBound = mean(this.#bound(whole, objective === "piwae" ? "iwae" : objective)).neg();
    return [
      {
        name: "loss",
        // The objective's value with the estimator's gradient.
        loss: surrogate.sub(stopGradient(surrogate)).add(negBound),
        parameters: parameters(this),
        metrics: { negBound, negElbo: distortion.add(rate), rate, distortion },
      },
    ];
  }

  /** negBound: minus the bound of k samples that is trained (the decoder's of piwae). The others are those of the ELBO. */
  override validation(x: Tensor, context: Context): Readonly<Record<string, Tensor>> {
    const { samples, objective } = this.config;
    const logWeights = this.logWeights(x, samples, context);
    const negBound = this.#bound(logWeights, objective === "piwae" ? "iwae" : objective).neg();
    return { negBound, ...super.validation(x, context) };
  }

  /** The bound of each example, [batch], from log-weights [samples, batch]. */
  #bound(logWeights: Tensor, objective: Exclude<IWAEConfig["objective"], "piwae">): Tensor {
    const { mix } = this.config;
    if (objective === "miwae") return mean(logMeanExp(this.#grouped(logWeights), 1), 0);
    const tight = logMeanExp(logWeights, 0);
    return objective === "iwae"
      ? tight
      : mean(logWeights, 0)
          .mul(mix)
          .add(tight.mul(1 - mix));
  }

  /** The derivatives of the bound in its log-weights. */
  #gradientWeights(logWeights: Tensor, objective: Exclude<IWAEConfig["objective"], "piwae">): GradientWeights {
    const { samples, groups, mix } = this.config;
    if (objective === "miwae") {
      const within = reshape(softmax(this.#grouped(logWeights), 1), logWeights.shape);
      return { weights: within.div(groups), doubly: within };
    }
    const tight = softmax(logWeights, 0);
    if (objective === "iwae") return { weights: tight, doubly: tight };
    const even = mix / samples;
    const weights = tight.mul(1 - mix).add(even);
    // (even + (1 - mix) s^2) / weights: the ELBO's part is doubly reparameterized as it is.
    return {
      weights,
      doubly: tight
        .mul(tight)
        .mul(1 - mix)
        .add(even)
        .div(maximum(weights, 1e-30)),
    };
  }

  /** [samples, batch] as [groups, samples / groups, batch]. */
  #grouped(t: Tensor): Tensor {
    const { groups, samples } = this.config;
    return reshape(t, [groups, samples / groups, t.shape[1]!]);
  }
}

/** The registered model. */
export const iwae = defineModel<IWAEConfig>({
  name: "iwae",
  summary: "Importance-weighted auto-encoder: a VAE trained on a tighter bound, from several samples of each code",
  paper: "arXiv:1509.00519",
  config: z.strictObject({
    ...latentVariableConfig,
    samples: z.int().positive().max(1024).default(5).describe("k: samples of z for each example and step"),
    objective: z
      .enum(importanceObjectives)
      .default("iwae")
      .describe("iwae; miwae: iwae in groups; piwae: in groups for the encoder only; ciwae: mixed with the ELBO"),
    gradient: z
      .enum(importanceGradients)
      .default("dreg")
      .describe("estimator of the encoder's gradient; standard and dreg have equal expectations"),
    groups: z.int().positive().max(1024).default(1).describe("m: groups of samples, for miwae and piwae"),
    ...warmupConfig,
    mix: z.number().min(0).max(1).default(0.5).describe("ciwae: weight of the ELBO"),
  }),
  presets: [...networkPresets, ...likelihoodPresets],
  remedies: latentVariableRemedies,
  build: (config, data) => new IWAE(config, data),
});
