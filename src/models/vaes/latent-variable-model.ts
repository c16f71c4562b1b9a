import { z } from "zod";
import type { Distribution } from "../../distributions/distribution.ts";
import { type Independent, independent } from "../../distributions/independent.ts";
import { Normal } from "../../distributions/normal.ts";
import { constant, type Tensor } from "../../graph/tensor.ts";
import type { Context } from "../../nn/context.ts";
import { minimum } from "../../ops/arithmetic.ts";
import { reshape, split } from "../../ops/movement.ts";
import { mean } from "../../ops/reduction.ts";
import { type Likelihood, likelihood, likelihoodConfig, type LikelihoodConfig } from "../parts/likelihoods.ts";
import type { Batch, Bound, DataSpec, Latents, Model, Objective } from "../model.ts";
import {
  type Decoder,
  decoderFor,
  type Encoder,
  encoderFor,
  type NetworkConfig,
  networkConfig,
} from "../parts/networks.ts";
import { type Prior, prior, priorConfig, type PriorConfig } from "../parts/priors.ts";

/** Settings of p(z), p(x|z) and q(z|x), shared by every model of this form. */
export const latentVariableConfig = {
  latentDim: z.int().positive().max(4096).default(20).describe("numbers in a code"),
  ...networkConfig,
  ...likelihoodConfig,
  ...priorConfig,
};
export interface LatentVariableConfig extends NetworkConfig, LikelihoodConfig, PriorConfig {
  readonly latentDim: number;
}

/** The setting of `warmupShare`. */
export const warmupConfig = {
  warmup: z.int().min(0).max(10_000_000).default(0).describe("steps over which the weight of the rate rises from 0"),
};

/** Share of its weight that the rate has at a step: it rises from 0 over `warmup` steps (Bowman et al., arXiv:1511.06349). */
export function warmupShare(step: Tensor, warmup: number): Tensor {
  return warmup === 0 ? constant(1) : minimum(step.div(warmup), 1);
}

/** What a model of this form is made of. */
export interface Parts {
  readonly encoder: Encoder;
  readonly decoder: Decoder;
  readonly likelihood: Likelihood;
  readonly prior: Prior;
}

/** -E_q[log p(x|z)] and KL(q(z|x) || p(z)), each [batch], in nats; the KL of a mixture prior is an estimate. */
export interface Terms {
  readonly distortion: Tensor;
  readonly rate: Tensor;
}

/** Codes drawn for a batch, with the distributions they came from. */
export interface Draws {
  readonly q: Independent<Normal>;
  readonly z: Tensor;
  readonly logLikelihood: Tensor;
}

/** One draw of each example's code, with means over the batch: the two parts of the bound, and both as figures. */
export interface Draw {
  readonly q: Independent<Normal>;
  /** [batch, latentDim]. */
  readonly code: Tensor;
  readonly distortion: Tensor;
  readonly rate: Tensor;
  readonly metrics: Readonly<Record<"negElbo" | "rate" | "distortion", Tensor>>;
}

/**
 * The VAE and its relatives: p(x, z) = p(z) p(x|z), and q(z|x) = N(mean(x), diag(std(x)^2)) beside it (arXiv:1312.6114, eq. 9).
 * They differ in what they minimize alone.
 */
export abstract class LatentVariableModel<Config extends LatentVariableConfig> implements Model, Parts {
  readonly config: Config;
  readonly encoder: Encoder;
  readonly decoder: Decoder;
  readonly likelihood: Likelihood;
  readonly prior: Prior;
  readonly latents: Latents;
  readonly binaryData: boolean;

  /** `parts` take the place of what the settings would make. */
  constructor(config: Config, data: DataSpec, parts: Partial<Parts> = {}) {
    this.config = config;
    const { latentDim } = config;
    const { shape } = data;
    this.likelihood = parts.likelihood ?? likelihood(config, data);
    this.binaryData = config.likelihood === "bernoulli";
    this.encoder = parts.encoder ?? encoderFor(config, data, 2 * latentDim);
    const decoded = shape.with(0, shape[0]! * this.likelihood.channelsPerChannel);
    this.decoder = parts.decoder ?? decoderFor(config, latentDim, decoded);
    this.prior =
      parts.prior ?? prior(config, { latentDim, shape, binaryData: this.binaryData, posterior: (x) => this.encode(x) });
    this.latents = { shape: [latentDim], prior: (count) => this.prior.of(count) };
  }

  abstract objectives(batch: Batch, context: Context): readonly Objective[];

  /** q(z|x) = N(mean(x), diag(exp(logVar(x)))). */
  encode(x: Tensor): Independent<Normal> {
    const [mean, logVar] = split(this.encoder.apply(x), -1, 2);
    return independent(new Normal(mean, { logVar }), 1);
  }

  /** p(x|z). */
  decode(z: Tensor): Distribution {
    return this.likelihood.of(this.decoder.apply(z));
  }

  /** log p(x|z) of each of several codes of each example: z [samples, batch, latentDim], result [samples, batch]. */
  logLikelihood(x: Tensor, z: Tensor): Tensor {
    const [samples, batch] = z.shape as [number, number];
    const repeated = reshape(x.broadcastTo([samples, ...x.shape]), [samples * batch, ...x.shape.slice(1)]);
    return reshape(this.decode(reshape(z, [samples * batch, -1])).logProb(repeated), [samples, batch]);
  }

  /** Draws z of q(z|x), [samples, batch, latentDim], and log p(x|z) of each, [samples, batch]. */
  draw(x: Tensor, samples: number): Draws {
    const q = this.encode(x);
    const z = q.rsample([samples]);
    return { q, z, logLikelihood: this.logLikelihood(x, z) };
  }

  /** What objectives of one draw an example are made of. */
  drawOne(x: Tensor): Draw {
    const { q, z, logLikelihood } = this.draw(x, 1);
    const distortion = mean(logLikelihood).neg();
    const rate = mean(this.prior.rate(q, z));
    const metrics = { negElbo: distortion.add(rate), rate, distortion };
    return { q, code: reshape(z, [x.shape[0]!, -1]), distortion, rate, metrics };
  }

  /** The two parts of the bound, the distortion averaged over `samples` draws of z. */
  terms(x: Tensor, samples: number): Terms {
    const { q, z, logLikelihood } = this.draw(x, samples);
    return { distortion: mean(logLikelihood, 0).neg(), rate: this.prior.rate(q, z) };
  }

  sample(count: number, { temperature = 1 } = {}): Tensor {
    const p = this.decode(this.latents.prior(count).sample().mul(temperature));
    return this.likelihood.show?.(p) ?? p.mean;
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

  logWeights(x: Tensor, samples: number): Tensor {
    const { q, z, logLikelihood } = this.draw(x, samples);
    return logLikelihood.add(this.prior.of(x.shape[0]!).logProb(z)).sub(q.logProb(z));
  }
}
