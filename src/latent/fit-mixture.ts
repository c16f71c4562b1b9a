import { DataError } from "../errors.ts";
import { stream } from "../random/index.ts";
import { cholesky } from "./cholesky.ts";
import { type CovarianceForm, GaussianMixture, logSumExpRows } from "./gaussian-mixture.ts";
import { kMeans } from "./k-means.ts";

export interface MixtureOptions {
  /** Latent dimension. */
  readonly dim: number;
  readonly components: number;
  readonly covariance: CovarianceForm;
  readonly seed?: number;
  /** Added to every variance, so that no component collapses onto one code; 1e-6 of the codes' mean variance by default. */
  readonly floor?: number;
  /** EM stops when the mean log-probability rises by less, in nats per code. */
  readonly tolerance?: number;
  readonly maxIterations?: number;
}

export interface MixtureFit {
  readonly mixture: GaussianMixture;
  /** Mean log-probability of the codes in nats, before each iteration and, last, under `mixture`. */
  readonly meanLogProbs: readonly number[];
  /** Bayesian information criterion, -2 log-likelihood + parameters * log count: lower is better (Schwarz 1978). */
  readonly bic: number;
  readonly converged: boolean;
}

/** Responsibility below which a code is skipped: far below float64's resolution of the sums it would enter. */
const negligible = 1e-18;

/**
 * Fits a Gaussian mixture to codes [count, dim] by expectation-maximization (Dempster, Laird & Rubin 1977), initialized by k-means++, in float64:
 *
 *   E: r_nk = weight_k N(z_n; k) / p(z_n)
 *   M: weight_k = mean_n r_nk,  mean_k = sum_n r_nk z_n / sum_n r_nk,
 *      covariance_k = sum_n r_nk (z_n - mean_k)(z_n - mean_k)^T / sum_n r_nk + floor I
 *
 * Throws DataError for fewer codes than components, or codes that are not finite.
 */
export function fitMixture(given: Float32Array | Float64Array, options: MixtureOptions): MixtureFit {
  const { dim, components, seed = 0, tolerance = 1e-3, maxIterations = 500 } = options;
  const count = given.length / dim;
  const codes = Float64Array.from(given);
  if (count < components)
    throw new DataError(
      `mixture: too few codes, got ${count}, expected at least one for each of ${components} components`,
    );
  if (!codes.every(Number.isFinite)) throw new DataError("mixture: a code is not finite, expected finite numbers");
  const floor = options.floor ?? Math.max(1e-6 * meanVariance(codes, dim), 1e-12);
  const responsibilities = new Float64Array(count * components);
  kMeans(codes, dim, components, stream(seed, "k-means", components)).forEach(
    (k, n) => (responsibilities[n * components + k] = 1),
  );
  let mixture = maximized(codes, responsibilities, { ...options, floor });
  const meanLogProbs: number[] = [];
  for (;;) {
    const logJoint = mixture.logJoint(codes);
    const logProbs = logSumExpRows(logJoint, components);
    const meanLogProb = logProbs.reduce((sum, l) => sum + l, 0) / count;
    const converged = meanLogProb - (meanLogProbs.at(-1) ?? -Infinity) < tolerance;
    meanLogProbs.push(meanLogProb);
    if (converged || meanLogProbs.length > maxIterations) {
      const bic = -2 * count * meanLogProb + parameterCount(options) * Math.log(count);
      return { mixture, meanLogProbs, bic, converged };
    }
    for (let n = 0; n < count; n++)
      for (let k = 0; k < components; k++)
        responsibilities[n * components + k] = Math.exp(logJoint[n * components + k]! - logProbs[n]!);
    mixture = maximized(codes, responsibilities, { ...options, floor }, mixture);
  }
}

/** The M step. A component without responsibility keeps its parameters from `before`, with weight 0. */
function maximized(
  codes: Float64Array,
  responsibilities: Float64Array,
  { dim, components, covariance, floor }: MixtureOptions & { readonly floor: number },
  before?: GaussianMixture,
): GaussianMixture {
  const count = codes.length / dim;
  const full = covariance === "full";
  const size = full ? dim * dim : dim;
  const weights = new Float64Array(components);
  const means = new Float64Array(components * dim);
  const factors = new Float64Array(components * size);
  const offset = new Float64Array(dim);
  for (let k = 0; k < components; k++) {
    const mean = means.subarray(k * dim, (k + 1) * dim);
    let total = 0;
    for (let n = 0; n < count; n++) {
      const responsibility = responsibilities[n * components + k]!;
      if (responsibility < negligible) continue;
      total += responsibility;
      for (let i = 0; i < dim; i++) mean[i]! += responsibility * codes[n * dim + i]!;
    }
    weights[k] = total / count;
    const scatter = new Float64Array(size);
    if (total === 0) {
      mean.set(before?.means.subarray(k * dim, (k + 1) * dim) ?? codes.subarray(k * dim, (k + 1) * dim));
      if (before) factors.set(before.factors.subarray(k * size, (k + 1) * size), k * size);
      else for (let i = 0; i < dim; i++) factors[k * size + (full ? i * dim + i : i)] = Math.sqrt(floor);
      continue;
    }
    for (let i = 0; i < dim; i++) mean[i]! /= total;
    for (let n = 0; n < count; n++) {
      const responsibility = responsibilities[n * components + k]! / total;
      if (responsibility * total < negligible) continue;
      for (let i = 0; i < dim; i++) {
        const d = codes[n * dim + i]! - mean[i]!;
        offset[i] = d;
        const weighted = responsibility * d;
        if (full) for (let j = 0; j <= i; j++) scatter[i * dim + j]! += weighted * offset[j]!;
        else scatter[i]! += weighted * d;
      }
    }
    for (let i = 0; i < dim; i++) scatter[full ? i * dim + i : i]! += floor;
    factors.set(full ? cholesky(scatter, dim) : scatter.map(Math.sqrt), k * size);
  }
  return new GaussianMixture({ covariance, weights, means, factors });
}

/** Number of free parameters: weights that sum to 1, means, and covariances. */
function parameterCount({ components, dim, covariance }: MixtureOptions): number {
  return components - 1 + components * (dim + (covariance === "full" ? (dim * (dim + 1)) / 2 : dim));
}

function meanVariance(codes: Float64Array, dim: number): number {
  const count = codes.length / dim;
  let sum = 0;
  for (let i = 0; i < dim; i++) {
    let mean = 0;
    for (let n = 0; n < count; n++) mean += codes[n * dim + i]! / count;
    for (let n = 0; n < count; n++) sum += (codes[n * dim + i]! - mean) ** 2;
  }
  return sum / codes.length;
}
