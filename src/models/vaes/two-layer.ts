import { z } from "zod";
import type { Distribution } from "../../distributions/distribution.ts";
import { type Independent, independent } from "../../distributions/independent.ts";
import { Normal } from "../../distributions/normal.ts";
import { constant, type Tensor } from "../../graph/tensor.ts";
import { parameters } from "../../nn/module.ts";
import { reshape, split } from "../../ops/movement.ts";
import { logMeanExp, mean } from "../../ops/reduction.ts";
import { type Likelihood, likelihood, type LikelihoodConfig, likelihoodConfig } from "../parts/likelihoods.ts";
import { warmupConfig, warmupShare } from "./latent-variable-model.ts";
import type { Batch, Bound, Codes, DataSpec, Model, ModelDefinition, Objective } from "../model.ts";
import {
  type Decoder,
  decoderFor,
  type Encoder,
  encoderFor,
  type NetworkConfig,
  networkConfig,
} from "../parts/networks.ts";
import { likelihoodPresets, networkPresets } from "../parts/presets.ts";

export interface TwoLayerConfig extends NetworkConfig, LikelihoodConfig {
  readonly latentDim: number;
  readonly topDim: number;
  readonly topHiddenDims: readonly number[];
  readonly samples: number;
  readonly warmup: number;
}

/** Draws of both layers: log p(x|h1), and log q - log p of the codes, each [samples, batch]. */
interface Draws {
  readonly logLikelihood: Tensor;
  readonly logRatio: Tensor;
}

/**
 * Two stochastic layers, as in Burda, Grosse & Salakhutdinov 2015 (arXiv:1509.00519, sections 2 and 5):
 *
 *   p(x, h1, h2) = p(h2) p(h1|h2) p(x|h1),     q(h1, h2|x) = q(h1|x) q(h2|h1)
 *
 * with p(h2) = N(0, I) and every other layer of codes a Gaussian whose mean and variance are functions of the layer it
 * comes from. What is minimized is -L_k, the importance-weighted bound of k draws (eq. 8); k = 1 is the evidence lower bound:
 *
 *   L_k(x) = E[log 1/k sum_i w_i],     w = p(h2) p(h1|h2) p(x|h1) / (q(h1|x) q(h2|h1))
 *
 * A code of an example is its h1: q(h1|x) and p(x|h1) are what encodes and decodes. Its prior, p(h1) = E_p(h2)[p(h1|h2)], has
 * no density in closed form; samples are drawn from the top.
 */
export class TwoLayer implements Model {
  /** q(h1|x) and p(x|h1). */
  readonly encoder: Encoder;
  readonly decoder: Decoder;
  /** q(h2|h1) and p(h1|h2). */
  readonly topEncoder: Encoder;
  readonly topDecoder: Decoder;
  readonly likelihood: Likelihood;
  readonly latents: Codes;
  readonly binaryData: boolean;
  readonly #topDim: number;
  readonly #samples: number;
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
    this.encoder = encoderFor(config, data, 2 * latentDim);
    this.decoder = decoderFor(config, latentDim, shape.with(0, shape[0]! * this.likelihood.channelsPerChannel));
    this.topEncoder = encoderFor(top, { shape: [latentDim] }, 2 * topDim);
    this.topDecoder = decoderFor(top, topDim, [2 * latentDim]);
    this.latents = { shape: [latentDim] };
    this.#topDim = topDim;
    this.#samples = config.samples;
    this.#warmup = config.warmup;
  }

  /** q(h1|x). */
  encode(x: Tensor): Independent<Normal> {
    return gaussian(this.encoder.apply(x));
  }

  /** p(x|h1). */
  decode(h1: Tensor): Distribution {
    return this.likelihood.of(this.decoder.apply(h1));
  }

  objectives({ x, step }: Batch): readonly Objective[] {
    const draws = this.#draw(x, this.#samples);
    const bound = (logRatio: Tensor): Tensor => mean(logMeanExp(draws.logLikelihood.sub(logRatio), 0)).neg();
    const negBound = bound(draws.logRatio);
    const rate = mean(draws.logRatio);
    const distortion = mean(draws.logLikelihood).neg();
    const metrics = { negBound, negElbo: rate.add(distortion), rate, distortion };
    const loss = this.#warmup === 0 ? negBound : bound(draws.logRatio.mul(warmupShare(step, this.#warmup)));
    return [{ name: "loss", loss, parameters: parameters(this), metrics }];
  }

  logWeights(x: Tensor, samples: number): Tensor {
    const { logLikelihood, logRatio } = this.#draw(x, samples);
    return logLikelihood.sub(logRatio);
  }

  bound(x: Tensor): Bound {
    const draws = this.#draw(x, 1);
    const [rate, distortion] = [mean(draws.logRatio, 0), mean(draws.logLikelihood, 0).neg()];
    return { elbo: rate.add(distortion).neg(), rate, distortion };
  }

  /** negBound: -L_k from k draws; the others are those of the ELBO. */
  scores(x: Tensor): Readonly<Record<string, Tensor>> {
    const { elbo, rate, distortion } = this.bound(x);
    const negElbo = elbo.neg();
    if (this.#samples === 1) return { negElbo, rate, distortion };
    return { negBound: logMeanExp(this.logWeights(x, this.#samples), 0).neg(), negElbo, rate, distortion };
  }

  sample(count: number, { temperature = 1 } = {}): Tensor {
    const h2 = this.#top(count).sample().mul(temperature);
    const { base } = gaussian(this.topDecoder.apply(h2));
    const p = this.decode(new Normal(base.mean, base.std.mul(temperature)).sample());
    return this.likelihood.show?.(p) ?? p.mean;
  }

  reconstruct(x: Tensor): Tensor {
    return this.decode(this.encode(x).mean).mean;
  }

  /** p(h2). */
  #top(count: number): Distribution {
    return independent(new Normal(constant(0).broadcastTo([count, this.#topDim]), 1), 1);
  }

  #draw(x: Tensor, samples: number): Draws {
    const rows = samples * x.shape[0]!;
    const q1 = this.encode(x);
    const drawn = q1.rsample([samples]);
    const h1 = reshape(drawn, [rows, -1]);
    const q2 = gaussian(this.topEncoder.apply(h1));
    const h2 = q2.rsample();
    const p1 = gaussian(this.topDecoder.apply(h2));
    const repeated = reshape(x.broadcastTo([samples, ...x.shape]), [rows, ...x.shape.slice(1)]);
    const each = (figure: Tensor): Tensor => reshape(figure, [samples, -1]);
    const ratio = q2.logProb(h2).sub(p1.logProb(h1)).sub(this.#top(rows).logProb(h2));
    return {
      logLikelihood: each(this.decode(h1).logProb(repeated)),
      logRatio: q1.logProb(drawn).add(each(ratio)),
    };
  }
}

/** N(mean, diag(exp(logVar))) from both side by side, [rows, 2 dim]. */
function gaussian(both: Tensor): Independent<Normal> {
  const [mean, logVar] = split(both, -1, 2);
  return independent(new Normal(mean, { logVar }), 1);
}

/** The model as commands know it. */
export const twoLayer: ModelDefinition<TwoLayerConfig> = {
  name: "two-layer",
  summary: "Two stochastic layers, trained on the importance-weighted bound",
  paper: "arXiv:1509.00519",
  config: z.strictObject({
    latentDim: z.int().positive().max(4096).default(100).describe("numbers in h1, the code of an example"),
    topDim: z.int().positive().max(4096).default(50).describe("numbers in h2"),
    ...networkConfig,
    hiddenDims: networkConfig.hiddenDims.default([200, 200]).describe("mlp: widths between the data and h1"),
    topHiddenDims: networkConfig.hiddenDims.default([100, 100]).describe("widths between h1 and h2"),
    activation: networkConfig.activation.default("tanh").describe("nonlinearity between layers"),
    ...likelihoodConfig,
    samples: z.int().positive().max(1024).default(5).describe("k: draws of both layers for each example and step"),
    ...warmupConfig,
  }),
  presets: [...networkPresets, ...likelihoodPresets],
  build: (config, data) => new TwoLayer(config, data),
};
