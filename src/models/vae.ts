import { z } from "zod";
import type { Distribution } from "../distributions/distribution.ts";
import { independent } from "../distributions/independent.ts";
import { kl } from "../distributions/kl.ts";
import { Normal } from "../distributions/normal.ts";
import { constant, type Tensor } from "../graph/tensor.ts";
import { parameters } from "../nn/module.ts";
import { minimum } from "../ops/arithmetic.ts";
import { reshape, split } from "../ops/movement.ts";
import { mean } from "../ops/reduction.ts";
import { type Likelihood, likelihood, type LikelihoodName, likelihoodNames } from "./likelihoods.ts";
import type { Batch, Bound, DataSpec, Latents, Model, ModelDefinition, Objective } from "./model.ts";
import { type Decoder, decoderFor, type Encoder, encoderFor, type NetworkConfig, networkConfig } from "./networks.ts";

export interface VAEConfig extends NetworkConfig {
  readonly latentDim: number;
  readonly likelihood: LikelihoodName;
  readonly std: number;
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
export class VAE implements Model {
  readonly encoder: Encoder;
  readonly decoder: Decoder;
  readonly likelihood: Likelihood;
  readonly config: VAEConfig;
  readonly latents: Latents;
  readonly binaryData: boolean;

  constructor(config: VAEConfig, { shape }: DataSpec) {
    this.config = config;
    this.likelihood = likelihood(config.likelihood, shape.length, config.std);
    this.binaryData = config.likelihood === "bernoulli";
    this.encoder = encoderFor(config, shape, 2 * config.latentDim);
    this.decoder = decoderFor(config, config.latentDim, shape.with(0, shape[0]! * this.likelihood.channelsPerChannel));
    this.latents = { shape: [config.latentDim], prior: (count) => standardNormal([count, config.latentDim]) };
  }

  /** q(z|x) = N(mean(x), diag(exp(logVar(x)))). */
  encode(x: Tensor): Distribution {
    const [mean, logVar] = split(this.encoder.apply(x), -1, 2);
    return independent(new Normal(mean, { logVar }), 1);
  }

  /** p(x|z). */
  decode(z: Tensor): Distribution {
    return this.likelihood.of(this.decoder.apply(z));
  }

  /** -log p(x|z) averaged over `samples` draws of z, and KL(q(z|x) || p(z)); each [batch]. */
  terms(x: Tensor, samples: number): { readonly distortion: Tensor; readonly rate: Tensor } {
    const [batch] = x.shape as [number];
    const q = this.encode(x);
    const z = reshape(q.rsample([samples]), [samples * batch, -1]);
    const repeated = reshape(x.broadcastTo([samples, ...x.shape]), [samples * batch, ...x.shape.slice(1)]);
    const logLikelihood = mean(reshape(this.decode(z).logProb(repeated), [samples, batch]), 0);
    return { distortion: logLikelihood.neg(), rate: kl(q, this.latents.prior(batch)) };
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

  sample(count: number, { temperature = 1 } = {}): Tensor {
    return this.decode(this.latents.prior(count).sample().mul(temperature)).mean;
  }

  reconstruct(x: Tensor): Tensor {
    return this.decode(this.encode(x).mean).mean;
  }

  bound(x: Tensor): Bound {
    const { rate, distortion } = this.terms(x, 1);
    return { elbo: rate.add(distortion).neg(), rate, distortion };
  }

  scores(x: Tensor): Readonly<Record<string, Tensor>> {
    const { elbo, rate, distortion } = this.bound(x);
    return { negElbo: elbo.neg(), rate, distortion };
  }
}

const standardNormal = (shape: readonly number[]): Distribution =>
  independent(new Normal(constant(0).broadcastTo(shape), 1), 1);

/** The model as commands know it. */
export const vae: ModelDefinition<VAEConfig> = {
  name: "vae",
  summary: "Variational auto-encoder: a latent code per example, with a bound on its likelihood",
  paper: "arXiv:1312.6114",
  config: z.strictObject({
    latentDim: z.int().positive().max(4096).default(20).describe("numbers in a code"),
    ...networkConfig,
    likelihood: z
      .enum(likelihoodNames)
      .default("bernoulli")
      .describe("p(x|z); gaussian-learned learns one variance, gaussian-diagonal one for each value from z"),
    std: z
      .number()
      .min(1e-4)
      .max(100)
      .default(0.1)
      .describe("gaussian: the standard deviation; gaussian-learned: its first value"),
    samples: z.int().positive().max(1024).default(1).describe("L: draws of z for each example and step"),
    beta: z.number().min(0).max(1000).default(1).describe("weight of the rate; 1 is the evidence lower bound"),
    warmup: z.int().min(0).max(10_000_000).default(0).describe("steps over which beta rises from 0"),
  }),
  build: (config, data) => new VAE(config, data),
};
