import { z } from "zod";
import { constant, type Tensor } from "../graph/tensor.ts";
import { parameters } from "../nn/module.ts";
import { minimum } from "../ops/arithmetic.ts";
import { mean } from "../ops/reduction.ts";
import {
  type LatentVariableConfig,
  latentVariableConfig,
  LatentVariableModel,
  type Parts,
} from "./latent-variable-model.ts";
import type { Batch, DataSpec, ModelDefinition, Objective } from "./model.ts";
import { likelihoodPresets, networkPresets } from "./presets.ts";

export interface VAEConfig extends LatentVariableConfig {
  readonly samples: number;
  readonly beta: number;
  readonly warmup: number;
}

/**
 * Variational auto-encoder (Kingma & Welling 2013, arXiv:1312.6114).
 *
 *   log p(x) >= ELBO(x) = E_q(z|x)[log p(x|z)] - KL(q(z|x) || p(z))          (eq. 3)
 *
 * with p(z) = N(0, I), q(z|x) = N(mean(x), diag(std(x)^2)) (eq. 9), z = mean + std * noise (section 2.4), the KL in closed
 * form (appendix B) and the expectation by L draws (eq. 10). distortion = -E_q[log p(x|z)], rate = KL, in nats per example;
 * the loss is distortion + beta * rate.
 */
export class VAE extends LatentVariableModel {
  readonly config: VAEConfig;

  constructor(config: VAEConfig, data: DataSpec, parts?: Partial<Parts>) {
    super(config, data, parts);
    this.config = config;
  }

  objectives({ x, step }: Batch): readonly Objective[] {
    const terms = this.terms(x, this.config.samples);
    const distortion = mean(terms.distortion);
    const rate = mean(terms.rate);
    const loss = distortion.add(rate.mul(this.beta(step)));
    return [
      {
        name: "loss",
        loss,
        parameters: parameters(this),
        metrics: { negElbo: distortion.add(rate), rate, distortion },
      },
    ];
  }

  /** beta, or its share of a linear rise from 0 over the first `warmup` steps (Bowman et al., arXiv:1511.06349). */
  beta(step: Tensor): Tensor {
    const { beta, warmup } = this.config;
    return warmup === 0 ? constant(beta) : minimum(step.div(warmup), 1).mul(beta);
  }
}

/** The model as commands know it. */
export const vae: ModelDefinition<VAEConfig> = {
  name: "vae",
  summary: "Variational auto-encoder: a latent code per example, with a bound on its likelihood",
  paper: "arXiv:1312.6114",
  config: z.strictObject({
    ...latentVariableConfig,
    samples: z.int().positive().max(1024).default(1).describe("L: draws of z for each example and step"),
    beta: z.number().min(0).max(1000).default(1).describe("weight of the rate; 1 is the evidence lower bound"),
    warmup: z.int().min(0).max(10_000_000).default(0).describe("steps over which beta rises from 0"),
  }),
  presets: [...networkPresets, ...likelihoodPresets],
  build: (config, data) => new VAE(config, data),
};
