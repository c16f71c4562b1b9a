import { z } from "zod";
import type { Distribution } from "../../distributions/distribution.ts";
import type { Independent } from "../../distributions/independent.ts";
import type { Normal } from "../../distributions/normal.ts";
import { constant, type Tensor } from "../../graph/tensor.ts";
import type { Context } from "../../nn/context.ts";
import { minimum } from "../../ops/arithmetic.ts";
import { reshape } from "../../ops/movement.ts";
import { mean } from "../../ops/reduction.ts";
import { type Likelihood, likelihood, likelihoodConfig, type LikelihoodConfig } from "../parts/likelihoods.ts";
import { type Codes, codesOf, type Latent, takeMean } from "../latent.ts";
import { ConditionalDecoder, ConditionalEncoder } from "../parts/conditional-networks.ts";
import type { Remedies } from "../definition.ts";
import type { Batch, DataSpec, Elbo, FieldSpec, Model, Objective } from "../model.ts";
import {
  type Decoder,
  decoderFor,
  type Encoder,
  encoderFor,
  type NetworkConfig,
  networkConfig,
} from "../parts/networks.ts";
import { networkRemedies } from "../parts/networks.ts";
import { type Prior, prior, priorConfig, type PriorConfig } from "../parts/priors.ts";
import { gaussianFamily, type PosteriorFamily } from "./posterior-families.ts";

/** Settings of p(z), p(x|z) and q(z|x), shared by every model of this form. */
export const latentVariableConfig = {
  latentDim: z.int().positive().max(4096).default(20).describe("latent dimensions"),
  ...networkConfig,
  ...likelihoodConfig,
  ...priorConfig,
};
export interface LatentVariableConfig extends NetworkConfig, LikelihoodConfig, PriorConfig {
  readonly latentDim: number;
}

/** The setting of `warmupWeight`. */
export const warmupConfig = {
  warmup: z.int().min(0).max(10_000_000).default(0).describe("KL annealing: warm-up steps of the rate's weight"),
};

/** Fraction of its weight that the rate has at a step: it rises from 0 over `warmup` steps (Bowman et al., arXiv:1511.06349). */
export function warmupWeight(step: Tensor, warmup: number): Tensor {
  return warmup === 0 ? constant(1) : minimum(step.div(warmup), 1);
}

/** What the settings would make, in place of which something else is taken. */
export interface Parts<Q extends Distribution = Independent<Normal>> {
  /** Fields that both networks see: the model is then of p(x | condition). */
  readonly condition?: readonly FieldSpec[] | undefined;
  /** In place of a Gaussian. */
  readonly family?: PosteriorFamily<Q> | undefined;
}

/** Samples of a batch's codes, with the distributions they came from. */
export interface PosteriorSamples<Q extends Distribution = Independent<Normal>> {
  readonly q: Q;
  /** [samples, batch, latentDim]. */
  readonly z: Tensor;
  /** log p(x|z), [samples, batch]. */
  readonly logLikelihood: Tensor;
}

/** -E_q[log p(x|z)] and KL(q(z|x) || p(z)), each [batch], in nats; the KL of a mixture prior, and that of a flow, is an estimate. */
export interface Terms {
  readonly distortion: Tensor;
  readonly rate: Tensor;
}

/** One sample of each example's code, with means over the batch: the two parts of the bound, and both as metrics. */
export interface BatchTerms<Q extends Distribution = Independent<Normal>> {
  readonly q: Q;
  /** [batch, latentDim]. */
  readonly code: Tensor;
  readonly distortion: Tensor;
  readonly rate: Tensor;
  readonly metrics: Readonly<Record<"negElbo" | "rate" | "distortion", Tensor>>;
}

/**
 * The VAE and its relatives: p(x, z) = p(z) p(x|z), and q(z|x) = N(mean(x), diag(std(x)^2)) beside it (arXiv:1312.6114, eq. 9), or one of another
 * [family](posterior-families.ts). They differ only in their objective.
 */
export abstract class LatentVariableModel<
  Config extends LatentVariableConfig,
  Q extends Distribution = Independent<Normal>,
> implements Model {
  readonly config: Config;
  readonly encoder: Encoder;
  readonly decoder: Decoder;
  readonly likelihood: Likelihood;
  readonly prior: Prior;
  readonly family: PosteriorFamily<Q>;
  readonly latents: readonly [Latent];
  readonly binaryData: boolean;
  readonly levels?: number;
  readonly condition?: NonNullable<Model["condition"]>;

  constructor(config: Config, data: DataSpec, { condition, family }: Parts<Q> = {}) {
    this.config = config;
    const { latentDim } = config;
    const gaussian = gaussianFamily(latentDim);
    // Q is a Gaussian where no family is given.
    this.family = family ?? (gaussian as PosteriorFamily<Distribution> as PosteriorFamily<Q>);
    const { outputs } = this.family;
    const { shape } = data;
    this.likelihood = likelihood(config, data);
    this.binaryData = config.likelihood === "bernoulli";
    if (this.likelihood.levels !== undefined) this.levels = this.likelihood.levels;
    const decoded = shape.with(0, shape[0]! * this.likelihood.channelsPerChannel);
    if (condition) {
      this.condition = { fields: condition, required: true };
      this.encoder = new ConditionalEncoder(config, data, condition, outputs);
      this.decoder = new ConditionalDecoder(config, latentDim, condition, decoded);
    } else {
      this.encoder = encoderFor(config, data, outputs);
      this.decoder = decoderFor(config, latentDim, decoded);
    }
    const { binaryData } = this;
    const posterior = (x: Tensor, context: Context): Independent<Normal> =>
      gaussian.of(this.encoder.apply(x, context), context);
    const byClass = condition?.find((field) => field.kind === "class");
    this.prior = prior(config, { latentDim, shape, binaryData, posterior, byClass });
    this.latents = [
      {
        name: "z",
        shape: [latentDim],
        dtype: "float32",
        prior: (_, count, context) => this.prior.of(count, context),
        standardNormal: this.prior.standard,
        gaussianPosterior: this.family.gaussian,
      },
    ];
  }

  abstract objectives(batch: Batch, contextOf: (objective: string) => Context): readonly Objective[];

  /** q(z|x). */
  posterior(x: Tensor, context: Context): Q {
    return this.family.of(this.encoder.apply(x, context), context);
  }

  encode(x: Tensor, context: Context): { readonly z: Q } {
    return { z: this.posterior(x, context) };
  }

  /** p(x|z). */
  decode(codes: Codes, context: Context): Distribution {
    return this.likelihood.of(this.decoder.apply(codes["z"]!, context));
  }

  /** log p(x|z) of each of several codes of each example: z [samples, batch, latentDim], result [samples, batch]. */
  logLikelihood(x: Tensor, z: Tensor, context: Context): Tensor {
    const [samples, batch] = z.shape as [number, number];
    const repeated = reshape(x.broadcastTo([samples, ...x.shape]), [samples * batch, ...x.shape.slice(1)]);
    const p = this.decode({ z: reshape(z, [samples * batch, -1]) }, context);
    return reshape(p.logProb(repeated), [samples, batch]);
  }

  /** Samples z of q(z|x), [samples, batch, latentDim], and log p(x|z) of each, [samples, batch]. */
  samplePosterior(x: Tensor, samples: number, context: Context): PosteriorSamples<Q> {
    const q = this.posterior(x, context);
    const z = q.rsample([samples]);
    return { q, z, logLikelihood: this.logLikelihood(x, z, context) };
  }

  /** The terms of objectives with one sample per example. */
  batchTerms(x: Tensor, context: Context): BatchTerms<Q> {
    const { q, z, logLikelihood } = this.samplePosterior(x, 1, context);
    const distortion = mean(logLikelihood).neg();
    const rate = mean(this.prior.rate(q, z, context));
    const metrics = { negElbo: distortion.add(rate), rate, distortion };
    return { q, code: reshape(z, [x.shape[0]!, -1]), distortion, rate, metrics };
  }

  /** The two parts of the bound, the distortion averaged over samples of z. */
  terms({ q, z, logLikelihood }: PosteriorSamples<Q>, context: Context): Terms {
    return { distortion: mean(logLikelihood, 0).neg(), rate: this.prior.rate(q, z, context) };
  }

  reconstruct(x: Tensor, context: Context): Tensor {
    return this.decode(codesOf(this.encode(x, context), takeMean), context).mean;
  }

  elbo(x: Tensor, context: Context): Elbo {
    const { rate, distortion } = this.terms(this.samplePosterior(x, 1, context), context);
    return { elbo: rate.add(distortion).neg(), rates: { z: rate }, distortion };
  }

  /**
   * What training minimizes, once schedules have come to their end, where that is not -ELBO: [batch], or a scalar of a batch's codes
   * together.
   */
  protected trainedLoss?(samples: PosteriorSamples<Q>, terms: Terms, context: Context): Tensor | undefined;

  validation(x: Tensor, context: Context): Readonly<Record<string, Tensor>> {
    const samples = this.samplePosterior(x, 1, context);
    const terms = this.terms(samples, context);
    const { rate, distortion } = terms;
    const loss = this.trainedLoss?.(samples, terms, context)?.broadcastTo(rate.shape);
    return { ...(loss && { loss }), negElbo: rate.add(distortion), rate, distortion };
  }

  logWeights(x: Tensor, samples: number, context: Context): Tensor {
    const { q, z, logLikelihood } = this.samplePosterior(x, samples, context);
    return logLikelihood.add(this.prior.of(x.shape[0]!, context).logProb(z)).sub(q.logProb(z));
  }
}

/** Settings of models of this form that answer a finding: a collapsed posterior, dead units. */
export const latentVariableRemedies = (
  config: LatentVariableConfig & Partial<Record<"warmup" | "beta" | "samples", number>>,
): Remedies => ({
  ...networkRemedies,
  collapse: (active, { binary }) => [
    ...(config.likelihood === "bernoulli" && binary === false
      ? [
          "--set likelihood=gaussian-learned, for intensities are not binary here: a Bernoulli takes gray for a coin, of which a code explains little",
        ]
      : []),
    ...(config.warmup === undefined ? [] : ["--set warmup=N gives the rate no weight at first"]),
    ...(config.beta === undefined ? [] : [`--set beta below ${config.beta} makes it cheaper`]),
    ...(config.samples === undefined ? [] : ["--set samples=10 gives gradients of less variance"]),
    ...(active > 0 ? [`--set latentDim=${active} loses nothing`] : []),
  ],
});
