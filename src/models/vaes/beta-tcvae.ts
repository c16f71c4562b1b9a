import { z } from "zod";
import { Normal } from "../../distributions/normal.ts";
import { constant, type Tensor } from "../../graph/tensor.ts";
import type { Context } from "../../nn/context.ts";
import { parameters } from "../../nn/module.ts";
import { reshape } from "../../ops/movement.ts";
import { logSumExp, mean, sum } from "../../ops/reduction.ts";
import {
  type LatentVariableConfig,
  latentVariableConfig,
  LatentVariableModel,
  latentVariableRemedies,
  type PosteriorSamples,
  type Terms,
} from "./latent-variable-model.ts";
import { defineModel } from "../definition.ts";
import type { Batch, DataSpec, Objective } from "../model.ts";
import { likelihoodPresets, networkPresets } from "../parts/presets.ts";

export const aggregateNames = ["stratified", "weighted"] as const;
export type AggregateName = (typeof aggregateNames)[number];

export interface BetaTCVAEConfig extends LatentVariableConfig {
  readonly alpha: number;
  readonly beta: number;
  readonly gamma: number;
  readonly estimator: AggregateName;
}

/** The parts of the rate, scalars in nats. A type, not an interface: only that fits a record of tensors. */
type RateDecomposition = Readonly<Record<"mutualInformation" | "totalCorrelation" | "dimensionwiseKl", Tensor>>;

/**
 * beta-TCVAE (Chen et al. 2018, arXiv:1802.04942). The rate is split by the aggregated posterior q(z) = 1/N sum_n q(z|x_n),
 *
 *   E KL(q(z|x) || p(z)) = I(x; z) + KL(q(z) || prod_j q(z_j)) + sum_j KL(q(z_j) || p(z_j))                (eq. 2)
 *
 * and its parts have separate weights, the largest that of the second, the total correlation:
 *
 *   loss = distortion + alpha I(x; z) + beta TC + gamma sum_j KL(q(z_j) || p(z_j))                          (eq. 4)
 *
 * each estimated from the batch with one sample of z per example.
 */
export class BetaTCVAE extends LatentVariableModel<BetaTCVAEConfig> {
  readonly #size: number | undefined;

  constructor(config: BetaTCVAEConfig, data: DataSpec) {
    super(config, data);
    this.#size = data.size;
  }

  objectives({ x }: Batch, contextOf: (objective: string) => Context): readonly Objective[] {
    const { q, code, distortion, metrics } = this.batchTerms(x, contextOf("loss"));
    const parts = this.#rateDecomposition(q, code, contextOf("loss"));
    const loss = this.#loss(distortion, parts);
    return [{ name: "loss", loss, parameters: parameters(this), metrics: { ...metrics, ...parts } }];
  }

  protected override trainedLoss({ q, z }: PosteriorSamples, { distortion }: Terms, context: Context): Tensor {
    const parts = this.#rateDecomposition(q, reshape(z, q.shape), context);
    return this.#loss(mean(distortion), parts);
  }

  /** The parts of the rate (eq. 2), means over the batch, from one code [batch, latentDim] of each posterior. */
  #rateDecomposition(q: PosteriorSamples["q"], code: Tensor, context: Context): RateDecomposition {
    const { estimator } = this.config;
    const [batch, latentDim] = code.shape as [number, number];
    // Log-densities of each code under the posterior of each example: [codes, examples, latentDim].
    const pairs = new Normal(q.base.mean, { logVar: q.base.logVar }).logProb(reshape(code, [batch, 1, latentDim]));
    const logs = logFractions(batch, Math.max(batch, this.#size ?? batch), estimator);
    const logAggregate = logSumExp(sum(pairs, 2).add(logs), 1);
    const logMarginals = sum(logSumExp(pairs.add(reshape(logs, [batch, batch, 1])), 1), 1);

    const mutualInformation = mean(q.logProb(code).sub(logAggregate));
    const totalCorrelation = mean(logAggregate.sub(logMarginals));
    const dimensionwiseKl = mean(logMarginals.sub(this.prior.of(batch, context).logProb(code)));
    return { mutualInformation, totalCorrelation, dimensionwiseKl };
  }

  /** Eq. 4. */
  #loss(distortion: Tensor, { mutualInformation, totalCorrelation, dimensionwiseKl }: RateDecomposition): Tensor {
    const { alpha, beta, gamma } = this.config;
    return distortion.add(mutualInformation.mul(alpha)).add(totalCorrelation.mul(beta)).add(dimensionwiseKl.mul(gamma));
  }
}

/**
 * Log-weights [codes, examples] for estimating q(z) from a batch of M of N examples: log q(z_i) is the logSumExp of
 * log q(z_i|x_n) + weight.
 *
 * - `weighted`: 1/M for each, as if the batch were all there is: the paper's but for a constant 1/N, which no gradient sees
 * - `stratified`: 1/N for the example that the code is of, and for the M - 1 others, sampled from the N - 1, weights that make the
 *   sum unbiased (appendix C): 1/(M - 1), and (N - M + 1)/(N (M - 1)) for one of them
 */
export function logFractions(batch: number, size: number, estimator: AggregateName): Tensor {
  const others = batch - 1;
  const weight = (code: number, example: number): number => {
    if (estimator === "weighted") return 1 / batch;
    if (example === code) return others === 0 ? 1 : 1 / size;
    const last = example === (code + others) % batch;
    return last ? (size - others) / (size * others) : 1 / others;
  };
  const logs = Array.from({ length: batch * batch }, (_, i) => Math.log(weight(Math.floor(i / batch), i % batch)));
  return constant(logs, [batch, batch]);
}

/** The registered model. */
export const betaTCVAE = defineModel<BetaTCVAEConfig>({
  name: "beta-tcvae",
  summary: "Disentangled VAE: separate weights of mutual information, total correlation and dimension-wise KL",
  paper: "arXiv:1802.04942",
  config: z.strictObject({
    ...latentVariableConfig,
    latentDim: latentVariableConfig.latentDim.default(10),
    alpha: z.number().min(0).max(1000).default(1).describe("weight of the mutual information of examples and codes"),
    beta: z.number().min(0).max(1000).default(6).describe("weight of the total correlation of the latent dimensions"),
    gamma: z.number().min(0).max(1000).default(1).describe("weight of the dimension-wise KL"),
    estimator: z
      .enum(aggregateNames)
      .default("stratified")
      .describe("minibatch estimator of q(z): stratified (unbiased) or weighted"),
  }),
  presets: [...networkPresets, ...likelihoodPresets],
  remedies: latentVariableRemedies,
  build: (config, data) => new BetaTCVAE(config, data),
});
