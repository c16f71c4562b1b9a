import { z } from "zod";
import type { Distribution } from "../../distributions/distribution.ts";
import { type Independent, independent } from "../../distributions/independent.ts";
import { kl } from "../../distributions/kl.ts";
import { Normal } from "../../distributions/normal.ts";
import { ConfigError } from "../../errors.ts";
import { type Shape, sizeOf } from "../../graph/shape.ts";
import { constant, type Tensor, Variable } from "../../graph/tensor.ts";
import { flatten, log, maximum, reshape, sqrt, square, transpose } from "../../ops/index.ts";
import { defineModel } from "../definition.ts";
import type { Codes, Latent } from "../latent.ts";
import type { DataSpec, Elbo, Examples, Model } from "../model.ts";
import { principalComponents } from "./principal-components.ts";

export interface PCAConfig {
  readonly latentDim: number;
}

const state = (shape: Shape): Variable => new Variable(shape, { kind: "constant", value: 0 }, { trainable: false });

/**
 * Principal component analysis as a density: probabilistic PCA (Tipping & Bishop, "Probabilistic principal component
 * analysis", J. R. Statist. Soc. B 61, 1999, p. 611).
 *
 *   x = W z + mean + noise,     z ~ N(0, I),     noise ~ N(0, sigma^2 I),     x ~ N(mean, C),   C = W W^T + sigma^2 I
 *
 * At the maximum of the likelihood, with the covariance's eigenvalues l_1 >= ... >= l_d and unit eigenvectors u_i,
 *
 *   W = U (L - sigma^2 I)^(1/2)          (eq. 7, its rotation R the identity: codes lie along the components)
 *   sigma^2 = mean of l_(k+1), ..., l_d          (eq. 8)
 *
 * so that p(z|x) = N((l_i - sigma^2)^(1/2) / l_i u_i^T (x - mean), sigma^2 / l_i) in each dimension i. The posterior, the
 * likelihood and the bound are exact, and nothing is trained by steps.
 */
export class PCA implements Model {
  /** [d]. */
  readonly mean: Variable;
  /** u_1, ..., u_k in rows: [k, d]. */
  readonly components: Variable;
  /** l_1, ..., l_k: [k]. */
  readonly eigenvalues: Variable;
  /** sigma^2. */
  readonly noiseVariance = state([]);
  /** The trace of the covariance: the sum of all eigenvalues. */
  readonly totalVariance = state([]);
  readonly latents: readonly [Latent];
  readonly shape: Shape;

  constructor({ latentDim }: PCAConfig, { shape }: DataSpec) {
    const size = sizeOf(shape);
    if (latentDim >= size)
      throw new ConfigError(
        `latentDim: no noise variance left, got ${latentDim} for examples of ${size} values, expected at most ${size - 1}`,
      );
    this.mean = state([size]);
    this.components = state([latentDim, size]);
    this.eigenvalues = state([latentDim]);
    this.shape = shape;
    this.latents = [
      {
        name: "z",
        shape: [latentDim],
        dtype: "float32",
        prior: (_, count) => standardNormal([count, latentDim]),
        standardNormal: true,
        gaussianPosterior: true,
      },
    ];
  }

  /** Nothing: `solve` finds every value. */
  objectives(): readonly [] {
    return [];
  }

  /** The maximum of the likelihood, from the mean and the covariance (by 1 / count) of all examples. */
  async solve(examples: Examples): Promise<ReadonlyMap<Variable, Float32Array>> {
    const [latentDim, size] = this.components.shape as [number, number];
    if (examples.count < latentDim + 2)
      throw new ConfigError(
        `latentDim: no noise variance left, got ${latentDim} for ${examples.count} examples, expected at most ${Math.max(0, examples.count - 2)}`,
      );
    const found = await principalComponents(examples, { size, count: latentDim });
    const { totalVariance, eigenvalues } = found;
    const kept = eigenvalues.reduce((a, b) => a + b, 0);
    // Rounding, or data that lie in fewer dimensions, would leave no variance or less: a density needs some.
    const least = Math.max(1e-7 * eigenvalues[0]!, 1e-12);
    const noiseVariance = Math.max((totalVariance - kept) / (size - latentDim), least);
    return new Map([
      [this.mean, Float32Array.from(found.mean)],
      [this.components, Float32Array.from(found.components)],
      [this.eigenvalues, Float32Array.from(eigenvalues, (l) => Math.max(l, noiseVariance))],
      [this.noiseVariance, Float32Array.of(noiseVariance)],
      [this.totalVariance, Float32Array.of(totalVariance)],
    ]);
  }

  /** u_i^T (x - mean), [batch, k]. */
  project(x: Tensor): Tensor {
    return flatten(x).sub(this.mean).matmul(transpose(this.components));
  }

  /** p(z|x), exactly. */
  posterior(x: Tensor): Independent<Normal> {
    const codes = this.project(x).mul(this.scale.div(this.eigenvalues));
    const variance = this.noiseVariance.div(this.eigenvalues).broadcastTo(codes.shape);
    return independent(new Normal(codes, { variance }), 1);
  }

  encode(x: Tensor): { readonly z: Independent<Normal> } {
    return { z: this.posterior(x) };
  }

  /** p(x|z) = N(W z + mean, sigma^2 I). */
  decode(codes: Codes): Distribution {
    return this.around(codes["z"]!.mul(this.scale));
  }

  /** The projection on the components: the nearest example that they span. */
  reconstruct(x: Tensor): Tensor {
    return this.around(this.project(x)).mean;
  }

  /**
   * log p(x), exactly: -1/2 (d log 2 pi + log |C| + (x - mean)^T C^-1 (x - mean)), where C^-1 is 1 / l_i along each component
   * and 1 / sigma^2 across them.
   */
  logProb(x: Tensor): Tensor {
    const [k, d] = this.components.shape as [number, number];
    const across = this.squaredError(x).div(this.noiseVariance);
    const along = square(this.project(x)).div(this.eigenvalues).sum(1);
    const logDeterminant = log(this.eigenvalues)
      .sum()
      .add(log(this.noiseVariance).mul(d - k));
    return across
      .add(along)
      .add(logDeterminant)
      .add(d * Math.log(2 * Math.PI))
      .mul(-0.5);
  }

  /** The bound is log p(x) itself, for q(z|x) is p(z|x). */
  elbo(x: Tensor): Elbo {
    const elbo = this.logProb(x);
    const [batch, latentDim] = [x.shape[0]!, this.components.shape[0]!];
    const rate = kl(this.posterior(x), standardNormal([batch, latentDim]));
    return { elbo, rates: { z: rate }, distortion: elbo.add(rate).neg() };
  }

  /** -log p(x) in nats, the mean squared error over values, and the fraction of the variance that is left out. */
  validation(x: Tensor): Readonly<Record<string, Tensor>> {
    const { elbo, rates, distortion } = this.elbo(x);
    const squared = this.squaredError(x);
    return {
      nll: elbo.neg(),
      rate: rates["z"]!,
      distortion,
      mse: squared.div(this.mean.size),
      unexplained: squared.div(this.totalVariance),
    };
  }

  /** |x - reconstruction|^2, [batch]. */
  squaredError(x: Tensor): Tensor {
    return square(flatten(x.sub(this.reconstruct(x)))).sum(1);
  }

  /** (l_i - sigma^2)^(1/2), the lengths of the columns of W. */
  get scale(): Tensor {
    return sqrt(maximum(this.eigenvalues.sub(this.noiseVariance), 0));
  }

  /** N(sum_i y_i u_i + mean, sigma^2 I) for coordinates y [batch, k]. */
  around(y: Tensor): Distribution {
    const shape = [y.shape[0]!, ...this.shape];
    const center = reshape(y.matmul(this.components).add(this.mean), shape);
    return independent(new Normal(center, { variance: this.noiseVariance }), this.shape.length);
  }
}

const standardNormal = (shape: Shape): Distribution => independent(new Normal(constant(0).broadcastTo(shape), 1), 1);

/** The registered model. */
export const pca = defineModel<PCAConfig>({
  name: "pca",
  summary: "Probabilistic principal component analysis: exact maximum likelihood, from the covariance",
  paper: "J. R. Statist. Soc. B 61 (1999) 611",
  config: z.strictObject({
    latentDim: z.int().positive().max(4096).default(32).describe("latent dimensions: components kept"),
  }),
  // As many components as values would leave no noise variance: of few values, a quarter to a half.
  presets: [2, 4, 8, 16, 32].map((most) => ({
    suits: `${most === 2 ? "at most" : `${most / 2 + 1} to`} ${most} values`,
    fits: ({ shape }: DataSpec) => sizeOf(shape) <= most && (most === 2 || sizeOf(shape) > most / 2),
    config: { latentDim: Math.max(1, most / 4) },
  })),
  build: (config, data) => new PCA(config, data),
});
