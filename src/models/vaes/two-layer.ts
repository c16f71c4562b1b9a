import { z } from "zod";
import type { Distribution } from "../../distributions/distribution.ts";
import { type Independent, independent } from "../../distributions/independent.ts";
import { Normal } from "../../distributions/normal.ts";
import { constant, type Tensor } from "../../graph/tensor.ts";
import type { Context } from "../../nn/context.ts";
import { parameters } from "../../nn/module.ts";
import { reshape, split } from "../../ops/movement.ts";
import { logMeanExp, mean } from "../../ops/reduction.ts";
import { type Likelihood, likelihood, type LikelihoodConfig, likelihoodConfig } from "../parts/likelihoods.ts";
import { warmupConfig, warmupWeight } from "./latent-variable-model.ts";
import { defineModel } from "../definition.ts";
import type { Codes, Latent, Take } from "../latent.ts";
import type { Batch, DataSpec, Elbo, Model, Objective } from "../model.ts";
import {
  type Decoder,
  decoderFor,
  type Encoder,
  encoderFor,
  type NetworkConfig,
  networkConfig,
  networkRemedies,
} from "../parts/networks.ts";
import { likelihoodPresets, networkPresets } from "../parts/presets.ts";

export interface TwoLayerConfig extends NetworkConfig, LikelihoodConfig {
  readonly latentDim: number;
  readonly topDim: number;
  readonly topHiddenDims: readonly number[];
  readonly samples: number;
  readonly objective: (typeof twoLayerObjectives)[number];
  readonly warmup: number;
}

export const twoLayerObjectives = ["iwae", "vae"] as const;

/** Samples of both layers: log p(x|h1), and log q - log p of the codes, each [samples, batch]. */
interface LayerSamples {
  readonly logLikelihood: Tensor;
  /** log q(h1|x) - log p(h1|h2), and log q(h2|h1) - log p(h2). */
  readonly logRatios: { readonly h1: Tensor; readonly h2: Tensor };
  readonly logRatio: Tensor;
}

/**
 * Two stochastic layers, as in Burda, Grosse & Salakhutdinov 2015 (arXiv:1509.00519, sections 2 and 5):
 *
 *   p(x, h1, h2) = p(h2) p(h1|h2) p(x|h1),     q(h1, h2|x) = q(h1|x) q(h2|h1)
 *
 * with p(h2) = N(0, I) and every other layer of codes a Gaussian whose mean and variance are functions of the layer it
 * comes from. What is minimized is -L_k, the importance-weighted bound of k samples (eq. 8), or as a VAE the evidence lower bound, its
 * expectation by the mean over k samples (eq. 5); they are the same for k = 1:
 *
 *   iwae  L_k(x) = E[log 1/k sum_i w_i]
 *   vae   L(x)   = E[1/k sum_i log w_i],     w = p(h2) p(h1|h2) p(x|h1) / (q(h1|x) q(h2|h1))
 *
 * The prior of h1, E_p(h2)[p(h1|h2)], has no density in closed form; samples come from the top.
 */
export class TwoLayer implements Model {
  /** q(h1|x) and p(x|h1). */
  readonly encoder: Encoder;
  readonly decoder: Decoder;
  /** q(h2|h1) and p(h1|h2). */
  readonly topEncoder: Encoder;
  readonly topDecoder: Decoder;
  readonly likelihood: Likelihood;
  readonly latents: readonly Latent[];
  readonly code = "h1";
  readonly binaryData: boolean;
  readonly levels?: number;
  readonly #topDim: number;
  readonly #samples: number;
  readonly #objective: TwoLayerConfig["objective"];
  readonly #warmup: number;

  constructor(config: TwoLayerConfig, data: DataSpec) {
    const { shape } = data;
    const { latentDim, topDim, topHiddenDims, network } = config;
    const top: NetworkConfig = {
      ...config,
      network: network === "linear" ? network : "mlp",
      hiddenDims: topHiddenDims,
      categories: "one-hot",
    };
    this.likelihood = likelihood(config, data);
    this.binaryData = config.likelihood === "bernoulli";
    if (this.likelihood.levels !== undefined) this.levels = this.likelihood.levels;
    this.encoder = encoderFor(config, data, 2 * latentDim);
    this.decoder = decoderFor(config, latentDim, shape.with(0, shape[0]! * this.likelihood.channelsPerChannel));
    this.topEncoder = encoderFor(top, { shape: [latentDim] }, 2 * topDim);
    this.topDecoder = decoderFor(top, topDim, [2 * latentDim]);
    this.latents = [
      {
        name: "h2",
        shape: [topDim],
        dtype: "float32",
        prior: (_, count) => this.#top(count),
        standardNormal: true,
        gaussianPosterior: true,
      },
      {
        name: "h1",
        shape: [latentDim],
        dtype: "float32",
        prior: ({ h2 }, _, context) => gaussian(this.topDecoder.apply(h2!, context)),
        gaussianPosterior: true,
      },
    ];
    this.#topDim = topDim;
    this.#samples = config.samples;
    this.#objective = config.objective;
    this.#warmup = config.warmup;
  }

  /** q(h1|x), and q(h2|h1) of the h1 that is taken. */
  encode(
    x: Tensor,
    context: Context,
    take: Take,
  ): { readonly h1: Independent<Normal>; readonly h2: Independent<Normal> } {
    const h1 = gaussian(this.encoder.apply(x, context));
    return { h1, h2: gaussian(this.topEncoder.apply(take(h1), context)) };
  }

  /** p(x|h1). */
  decode({ h1 }: Codes, context: Context): Distribution {
    return this.likelihood.of(this.decoder.apply(h1!, context));
  }

  objectives({ x, step }: Batch, contextOf: (objective: string) => Context): readonly Objective[] {
    const found = this.#sample(x, this.#samples, contextOf("loss"));
    const negBound = mean(this.#bound(found.logLikelihood.sub(found.logRatio))).neg();
    const rate = mean(found.logRatio);
    const distortion = mean(found.logLikelihood).neg();
    const metrics = { negBound, negElbo: rate.add(distortion), rate, distortion };
    const annealed = found.logRatio.mul(warmupWeight(step, this.#warmup));
    const loss = mean(this.#bound(found.logLikelihood.sub(annealed))).neg();
    return [{ name: "loss", loss, parameters: parameters(this), metrics }];
  }

  /** The bound of each example, [batch], from log-weights [samples, batch]. */
  #bound(logWeights: Tensor): Tensor {
    return this.#objective === "iwae" ? logMeanExp(logWeights, 0) : mean(logWeights, 0);
  }

  logWeights(x: Tensor, samples: number, context: Context): Tensor {
    const { logLikelihood, logRatio } = this.#sample(x, samples, context);
    return logLikelihood.sub(logRatio);
  }

  elbo(x: Tensor, context: Context): Elbo {
    const { logLikelihood, logRatio, logRatios } = this.#sample(x, 1, context);
    const [rate, distortion] = [mean(logRatio, 0), mean(logLikelihood, 0).neg()];
    const rates = { h2: mean(logRatios.h2, 0), h1: mean(logRatios.h1, 0) };
    return { elbo: rate.add(distortion).neg(), rates, distortion };
  }

  /** negBound: minus the bound that is trained, from k samples; the others are those of the ELBO, from one. */
  validation(x: Tensor, context: Context): Readonly<Record<string, Tensor>> {
    const { logLikelihood, logRatio } = this.#sample(x, 1, context);
    const [rate, distortion] = [mean(logRatio, 0), mean(logLikelihood, 0).neg()];
    const negElbo = rate.add(distortion);
    if (this.#samples === 1) return { negElbo, rate, distortion };
    const negBound = this.#bound(this.logWeights(x, this.#samples, context)).neg();
    return { negBound, negElbo, rate, distortion };
  }

  reconstruct(x: Tensor, context: Context): Tensor {
    return this.decode({ h1: gaussian(this.encoder.apply(x, context)).mean }, context).mean;
  }

  /** p(h2). */
  #top(count: number): Distribution {
    return independent(new Normal(constant(0).broadcastTo([count, this.#topDim]), 1), 1);
  }

  #sample(x: Tensor, samples: number, context: Context): LayerSamples {
    const rows = samples * x.shape[0]!;
    const q1 = gaussian(this.encoder.apply(x, context));
    const sampled = q1.rsample([samples]);
    const h1 = reshape(sampled, [rows, -1]);
    const q2 = gaussian(this.topEncoder.apply(h1, context));
    const h2 = q2.rsample();
    const p1 = gaussian(this.topDecoder.apply(h2, context));
    const repeated = reshape(x.broadcastTo([samples, ...x.shape]), [rows, ...x.shape.slice(1)]);
    const each = (values: Tensor): Tensor => reshape(values, [samples, -1]);
    const logQ1 = q1.logProb(sampled);
    const logQ2 = q2.logProb(h2);
    const logP1 = p1.logProb(h1);
    const logP2 = this.#top(rows).logProb(h2);
    return {
      logLikelihood: each(this.decode({ h1 }, context).logProb(repeated)),
      logRatios: { h1: logQ1.sub(each(logP1)), h2: each(logQ2.sub(logP2)) },
      logRatio: logQ1.add(each(logQ2.sub(logP1).sub(logP2))),
    };
  }
}

/** N(mean, diag(exp(logVar))) from both side by side, [rows, 2 dim]. */
function gaussian(both: Tensor): Independent<Normal> {
  const [mean, logVar] = split(both, -1, 2);
  return independent(new Normal(mean, { logVar }), 1);
}

/** The registered model. */
export const twoLayer = defineModel<TwoLayerConfig>({
  name: "two-layer",
  summary: "VAE with two stochastic layers, trained on the importance-weighted bound",
  paper: "arXiv:1509.00519",
  config: z.strictObject({
    latentDim: z.int().positive().max(4096).default(100).describe("dimensions of h1, the lower latent"),
    topDim: z.int().positive().max(4096).default(50).describe("dimensions of h2, the top latent"),
    ...networkConfig,
    hiddenDims: networkConfig.hiddenDims.default([200, 200]).describe("mlp: hidden widths between x and h1"),
    topHiddenDims: networkConfig.hiddenDims
      .default([100, 100])
      .describe("hidden widths between h1 and h2")
      .meta({ onlyWith: {} }),
    activation: networkConfig.activation.default("tanh").describe("nonlinearity between layers"),
    ...likelihoodConfig,
    samples: z.int().positive().max(1024).default(5).describe("k: samples of both layers for each example and step"),
    objective: z
      .enum(twoLayerObjectives)
      .default("iwae")
      .describe("iwae: the importance-weighted bound of k samples; vae: the ELBO, averaged over k samples"),
    ...warmupConfig,
  }),
  presets: [...networkPresets, ...likelihoodPresets],
  remedies: () => networkRemedies,
  build: (config, data) => new TwoLayer(config, data),
});
