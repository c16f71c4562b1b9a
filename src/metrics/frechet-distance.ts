import { ConfigError } from "../errors.ts";
import { symmetricEigen } from "../linalg/symmetric-eigen.ts";

/** Mean and covariance of feature vectors, in float64. */
export interface FeatureMoments {
  readonly dim: number;
  readonly count: number;
  readonly mean: Float64Array;
  /** [dim, dim], with count - 1 below the sum. */
  readonly covariance: Float64Array;
}

/**
 * Moments of features [count, dim]. Throws ConfigError where there are too few for a covariance of full rank, or a feature is
 * not finite.
 */
export function featureMoments(features: Float32Array | Float64Array, dim: number): FeatureMoments {
  const count = features.length / dim;
  if (!Number.isInteger(count) || count <= dim)
    throw new ConfigError(
      `features: too few for a covariance of ${dim} dimensions, got ${count} examples, expected more than ${dim}`,
    );
  const bad = features.findIndex((v) => !Number.isFinite(v));
  if (bad >= 0)
    throw new ConfigError(
      `features: not finite, got ${features[bad]} in example ${Math.floor(bad / dim)}, expected numbers`,
    );
  const mean = new Float64Array(dim);
  features.forEach((v, i) => (mean[i % dim]! += v / count));
  const covariance = new Float64Array(dim * dim);
  const centered = new Float64Array(dim);
  for (let row = 0; row < features.length; row += dim) {
    for (let i = 0; i < dim; i++) centered[i] = features[row + i]! - mean[i]!;
    for (let i = 0; i < dim; i++)
      for (let j = 0; j <= i; j++) covariance[i * dim + j]! += (centered[i]! * centered[j]!) / (count - 1);
  }
  for (let i = 0; i < dim; i++) for (let j = 0; j < i; j++) covariance[j * dim + i] = covariance[i * dim + j]!;
  return { dim, count, mean, covariance };
}

/**
 * The squared 2-Wasserstein distance of two Gaussians of these moments (Dowson & Landau 1982), which Heusel et al. 2017
 * (arXiv:1706.08500, eq. 6) take of an Inception network's features:
 *
 *   |m_1 - m_2|^2 + tr(C_1 + C_2 - 2 (C_1^(1/2) C_2 C_1^(1/2))^(1/2))
 *
 * In the features' squared units; never below 0. A figure says nothing without its features and its sample counts: it is
 * biased upwards by an amount that falls with their number.
 */
export function frechetDistance(a: FeatureMoments, b: FeatureMoments): number {
  const { dim } = a;
  if (b.dim !== dim)
    throw new ConfigError(`frechetDistance: features differ, got ${dim} and ${b.dim} dimensions, expected as many`);
  let distance = 0;
  for (let i = 0; i < dim; i++) {
    distance += (a.mean[i]! - b.mean[i]!) ** 2;
    distance += a.covariance[i * (dim + 1)]! + b.covariance[i * (dim + 1)]!;
  }
  const root = squareRoot(a.covariance, dim);
  const { values } = symmetricEigen(product(product(root, b.covariance, dim), root, dim), dim);
  // Rounding takes eigenvalues of 0 a little below it.
  for (const value of values) distance -= 2 * Math.sqrt(Math.max(0, value));
  return Math.max(0, distance);
}

function squareRoot(a: Float64Array, n: number): Float64Array {
  const { values, vectors } = symmetricEigen(a, n);
  const scaled = vectors.map((v, i) => v * Math.sqrt(Math.max(0, values[Math.floor(i / n)]!)));
  const out = new Float64Array(n * n);
  for (let k = 0; k < n; k++)
    for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) out[i * n + j]! += scaled[k * n + i]! * vectors[k * n + j]!;
  return out;
}

function product(a: Float64Array, b: Float64Array, n: number): Float64Array {
  const out = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let k = 0; k < n; k++) {
      const x = a[i * n + k]!;
      for (let j = 0; j < n; j++) out[i * n + j]! += x * b[k * n + j]!;
    }
  return out;
}
