import { z } from "zod";
import type { Distribution } from "../../distributions/distribution.ts";
import { independent } from "../../distributions/independent.ts";
import type { Normal } from "../../distributions/normal.ts";
import { ConfigError } from "../../errors.ts";
import type { Shape } from "../../graph/shape.ts";
import type { Tensor } from "../../graph/tensor.ts";
import type { Context } from "../../nn/context.ts";
import { parameters } from "../../nn/module.ts";
import { maximum } from "../../ops/arithmetic.ts";
import { reshape } from "../../ops/movement.ts";
import { mean, sum } from "../../ops/reduction.ts";
import type { Remedies } from "../definition.ts";
import { type Codes, codesOf, type Latent, type Posteriors, type Take, takeMean } from "../latent.ts";
import type { Batch, DataSpec, Elbo, Model, Objective } from "../model.ts";
import { type Likelihood, likelihood, type LikelihoodConfig, likelihoodConfig } from "../parts/likelihoods.ts";
import { warmupConfig, warmupWeight } from "../vaes/latent-variable-model.ts";
import type { HierarchyNetworks, Level } from "./level.ts";
import { type PosteriorForm, posteriorForms, type PosteriorName, posteriorNames } from "./posteriors.ts";

/** Settings of every hierarchy. */
export const hierarchyConfig = {
  posterior: z
    .enum(posteriorNames)
    .describe(
      "q(z_l|x, above) from the recognition network's Gaussian: itself, times the prior, or relative to the prior",
    ),
  ...likelihoodConfig,
  ...warmupConfig,
  freeBits: z
    .number()
    .min(0)
    .max(1000)
    .default(0)
    .describe("nats of rate, a mean over the batch, that each latent is not charged for"),
};
export interface HierarchyConfig extends LikelihoodConfig {
  readonly posterior: PosteriorName;
  readonly warmup: number;
  readonly freeBits: number;
}

/** What a hierarchy is made of. */
export interface HierarchyParts {
  readonly networks: HierarchyNetworks;
  /** Whether p(z_1) is N(0, I). */
  readonly standardTop: boolean;
  /** What training adds to the loss. */
  readonly penalty?: { readonly weight: number; of(context: Context): Tensor };
}

/** One sample of each latent, top first: its log densities, and its rate, each [rows]. */
interface Sampled {
  readonly logP: Tensor;
  readonly logQ: Tensor;
  readonly rate: Tensor;
}

/**
 * A hierarchy of Gaussian latents, z_1 at the top, with an inference network that goes the generative way:
 *
 *   p(x, z) = p(z_1) prod_l p(z_l|z_<l) p(x|z),     q(z|x) = prod_l q(z_l|z_<l, x)
 *   log p(x) >= E_q[log p(x|z)] - sum_l E_q[KL(q(z_l|z_<l, x) || p(z_l|z_<l))]
 *
 * A deterministic pass from x upwards gives each level its features; on the way down each level meets those above it. The rate of a
 * level is its KL in closed form at samples of the levels above. Where inference goes up instead, from each latent to the one above, the rate is
 * log q - log p of the sample. With free bits (Kingma et al. 2016, arXiv:1606.04934, eq. 15) the loss has
 * max(rate_l, free) in its place, of the rate's mean over the batch.
 */
export class Hierarchy implements Model {
  readonly networks: HierarchyNetworks;
  readonly likelihood: Likelihood;
  readonly penalty: HierarchyParts["penalty"];
  readonly latents: readonly Latent[];
  readonly code: string;
  readonly binaryData: boolean;
  readonly levels?: number;
  readonly #form: PosteriorForm;
  readonly #warmup: number;
  readonly #freeBits: number;

  /** `makeNetworks`: for p(x|z) of parameters of the given shape. */
  constructor(config: HierarchyConfig, data: DataSpec, makeParts: (decoded: Shape) => HierarchyParts) {
    const { shape } = data;
    this.likelihood = likelihood(config, data);
    this.binaryData = config.likelihood === "bernoulli";
    if (this.likelihood.levels !== undefined) this.levels = this.likelihood.levels;
    const { networks, standardTop, penalty } = makeParts(shape.with(0, shape[0]! * this.likelihood.channelsPerChannel));
    this.networks = networks;
    this.penalty = penalty;
    this.#form = posteriorForms[config.posterior];
    this.#warmup = config.warmup;
    this.#freeBits = config.freeBits;
    this.latents = networks.levels.map((level, i) => ({
      name: `z${i + 1}`,
      shape: level.shape,
      dtype: "float32",
      prior: (above, count, context) => this.#priorOf(i, above, count, context),
      standardNormal: standardTop && i === 0,
      gaussianPosterior: true,
    }));
    this.code = this.latents[0]!.name;
  }

  encode(x: Tensor, context: Context, take: Take): Posteriors {
    const posteriors: Record<string, Distribution> = {};
    const { networks, latents } = this;
    if (networks.climb) {
      networks.climb(x, context, (each, i) => take((posteriors[latents[i]!.name] = joint(each, networks.levels[i]!))));
      return Object.fromEntries(latents.map(({ name }) => [name, posteriors[name]!]));
    }
    const rising = networks.rise(x, context);
    this.#descend(x.shape[0]!, context, (level, { p, h }, i) => {
      const q = joint(this.#form(level.estimate(h, rising[i]!, context), p).q, level);
      posteriors[latents[i]!.name] = q;
      return take(q);
    });
    return posteriors;
  }

  decode(codes: Codes, context: Context): Distribution {
    const missing = this.latents.find(({ name }) => !codes[name]);
    if (missing)
      throw new ConfigError(
        `decode: a latent is missing, got codes of ${Object.keys(codes).join(", ")}, expected ${missing.name} too`,
      );
    const count = codes[this.code]!.shape[0]!;
    const h = this.#descend(count, context, (_, __, i) => codes[this.latents[i]!.name]!);
    return this.likelihood.of(this.networks.output(h, context));
  }

  objectives({ x, step }: Batch, contextOf: (objective: string) => Context): readonly Objective[] {
    const context = contextOf("loss");
    const { logLikelihood, sampled } = this.#sample(x, 1, context);
    const distortion = mean(logLikelihood).neg();
    const rates = sampled.map(({ rate }) => mean(rate));
    const rate = total(rates);
    const bound = distortion.add(this.#charged(rates).mul(warmupWeight(step, this.#warmup)));
    const byLatent = rates.map((each, i) => [`rate.${this.latents[i]!.name}`, each]);
    const metrics = { negElbo: distortion.add(rate), rate, distortion, ...Object.fromEntries(byLatent) };
    if (!this.penalty) return [{ name: "loss", loss: bound, parameters: parameters(this), metrics }];
    const penalty = this.penalty.of(context);
    const loss = bound.add(penalty.mul(this.penalty.weight));
    return [{ name: "loss", loss, parameters: parameters(this), metrics: { ...metrics, penalty } }];
  }

  /** What the loss charges for the mean rates of the latents. */
  #charged(rates: readonly Tensor[]): Tensor {
    return total(this.#freeBits === 0 ? rates : rates.map((rate) => maximum(rate, this.#freeBits)));
  }

  elbo(x: Tensor, context: Context): Elbo {
    const { logLikelihood, sampled } = this.#sample(x, 1, context);
    const rates = sampled.map(({ rate }, i) => [this.latents[i]!.name, rate] as const);
    const distortion = logLikelihood.neg();
    const elbo = distortion.add(total(rates.map(([, rate]) => rate))).neg();
    return { elbo, distortion, rates: Object.fromEntries(rates) };
  }

  validation(x: Tensor, context: Context): Readonly<Record<string, Tensor>> {
    const { elbo, distortion, rates } = this.elbo(x, context);
    const negElbo = elbo.neg();
    const loss = this.#freeBits > 0 && distortion.add(this.#charged(Object.values(rates).map((rate) => mean(rate))));
    return { ...(loss && { loss }), negElbo, rate: negElbo.sub(distortion), distortion };
  }

  logWeights(x: Tensor, samples: number, context: Context): Tensor {
    const { logLikelihood, sampled } = this.#sample(x, samples, context);
    const logRatio = total(sampled.map(({ logP, logQ }) => logP.sub(logQ)));
    return reshape(logLikelihood.add(logRatio), [samples, x.shape[0]!]);
  }

  reconstruct(x: Tensor, context: Context): Tensor {
    return this.decode(codesOf(this.encode(x, context, takeMean), takeMean), context).mean;
  }

  /** Samples of q(z|x), `samples` for each example, as rows [samples * batch]. */
  #sample(
    x: Tensor,
    samples: number,
    context: Context,
  ): { readonly logLikelihood: Tensor; readonly sampled: readonly Sampled[] } {
    const batch = x.shape[0]!;
    const rows = samples * batch;
    const repeated = (t: Tensor): Tensor =>
      samples === 1 ? t : reshape(t.broadcastTo([samples, ...t.shape]), [rows, ...t.shape.slice(1)]);
    const climbed: { readonly q: Normal; readonly value: Tensor }[] = [];
    this.networks.climb?.(repeated(x), context, (q, i) => (climbed[i] = { q, value: q.rsample() }).value);
    const rising = this.networks.climb ? [] : this.networks.rise(x, context).map(repeated);
    const sampled: Sampled[] = [];
    const bottom = this.#descend(rows, context, (level, { p, h }, i) => {
      const { q, rate } = climbed[i]
        ? { q: climbed[i].q, rate: undefined }
        : this.#form(level.estimate(h, rising[i]!, context), p);
      const value = climbed[i]?.value ?? q.rsample();
      const logP = joint(p, level).logProb(value);
      const logQ = joint(q, level).logProb(value);
      sampled.push({ logP, logQ, rate: rate ? sum(reshape(rate, [rows, -1]), 1) : logQ.sub(logP) });
      return value;
    });
    const p = this.likelihood.of(this.networks.output(bottom, context));
    return { logLikelihood: p.logProb(repeated(x)), sampled };
  }

  /** The features below the last level, from values of each latent. */
  #descend(
    count: number,
    context: Context,
    choose: (level: Level, at: { readonly p: Normal; readonly h: Tensor }, i: number) => Tensor,
  ): Tensor {
    return this.networks.levels.reduce((above, level, i) => {
      const at = level.prior(above, context);
      return level.next(at.h, choose(level, at, i), context);
    }, this.networks.start(count));
  }

  /** p(z_l|above). Nodes of a graph that are equal are one, so that the way down is the same for all levels of a sample. */
  #priorOf(index: number, above: Codes, count: number, context: Context): Distribution {
    const { levels } = this.networks;
    const h = levels.slice(0, index).reduce((from, level, i) => {
      const { h: on } = level.prior(from, context);
      return level.next(on, above[this.latents[i]!.name]!, context);
    }, this.networks.start(count));
    const level = levels[index]!;
    return joint(level.prior(h, context).p, level);
  }
}

const joint = (each: Normal, { shape }: Level) => independent(each, shape.length);

const total = (each: readonly Tensor[]): Tensor => each.reduce((a, b) => a.add(b));

/** Settings that answer a finding of a hierarchy. */
export const hierarchyRemedies = ({ warmup, freeBits }: HierarchyConfig): Remedies => ({
  unusedLevels: [
    ...(warmup === 0 ? ["--set warmup=N gives the rate no weight at first"] : [`--set warmup above ${warmup}`]),
    freeBits === 0 ? "--set freeBits=0.5 charges no latent for its first half nat" : `--set freeBits above ${freeBits}`,
    "fewer latents lose nothing",
  ],
});
