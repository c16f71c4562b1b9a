import { ConfigError } from "../../errors.ts";
import { diagonalize, dot, tridiagonal } from "../../linalg/tridiagonal.ts";
import { countFeatures, type Features } from "./features.ts";
import { TileProducts } from "./tile-products.ts";

/** Mean and covariance of feature vectors, in float64. */
export interface FeatureMoments {
  readonly dim: number;
  readonly count: number;
  readonly mean: Float64Array;
  /** [dim, dim], unbiased (divided by count - 1). */
  readonly covariance: Float64Array;
}

/**
 * Mean and covariance of features [count, dim]. Throws ConfigError for too few examples for a covariance of full rank (at most dim), or
 * features that are not finite, or all equal unless they `mayBeEqual`.
 */
export function featureMoments(features: Features, dim: number, { mayBeEqual = false } = {}): FeatureMoments {
  const few = features.length / dim;
  if (few <= dim)
    throw new ConfigError(
      `frechet: too few examples for a covariance of ${dim} features, got ${few}, expected more than ${dim}`,
    );
  const count = countFeatures("frechet", features, { dim, least: dim + 1, mayBeEqual });
  const mean = new Float64Array(dim);
  for (let row = 0; row < features.length; row += dim)
    for (let k = 0; k < dim; k++) mean[k]! += features[row + k]! / count;
  return { dim, count, mean, covariance: covarianceOf(features, mean) };
}

/** Rows of a block of products, at most: 4 MB for 2048 features. */
const BLOCK = 256;

/** sum (x - mean) (x - mean)^T / (count - 1), a block of examples at a time. */
function covarianceOf(features: Features, mean: Float64Array): Float64Array {
  const dim = mean.length;
  const count = features.length / dim;
  const products = new TileProducts(dim, { depth: Math.min(BLOCK, count), sets: 1 });
  const covariance = new Float64Array(dim * dim);
  for (let first = 0; first < count; first += BLOCK) {
    const examples = Math.min(BLOCK, count - first);
    products.fill(0, examples, (k, example) => features[(first + example) * dim + k]! - mean[k]!);
    products.addTo(covariance, "lower");
  }
  for (let i = 0; i < dim; i++)
    for (let j = 0; j <= i; j++) covariance[j * dim + i] = covariance[i * dim + j]! /= count - 1;
  return covariance;
}

/**
 * Squared 2-Wasserstein distance of two Gaussians with these moments (Dowson & Landau 1982), the Frechet Inception distance (FID) when the
 * features are an Inception network's (Heusel et al. 2017, arXiv:1706.08500, eq. 6):
 *
 *   |m_1 - m_2|^2 + tr(C_1 + C_2 - 2 (C_1 C_2)^(1/2))
 *
 * In squared units of the features, from 0, lower is better. Biased upwards, by an amount that decreases with the sample counts: only values of
 * the same features and counts are comparable. Throws ConfigError where the feature dimensions differ.
 *
 * @example
 * const random = stream(0, "features");
 * const features = (mean: number) => Float32Array.from({ length: 20_000 }, () => mean + random.normal());
 * const [a, b] = [featureMoments(features(0), 2), featureMoments(features(1), 2)];
 * frechetDistance(a, b).toFixed(1); // "2.0"
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
  // With C_1 = L L^T, C_1 C_2 has the eigenvalues of the symmetric L^T C_2 L.
  const { diagonal, offDiagonal } = tridiagonal(congruent(b.covariance, semidefiniteRoot(a.covariance, dim), dim), dim);
  diagonalize(diagonal, offDiagonal, () => {});
  // Rounding can make zero eigenvalues slightly negative.
  for (const value of diagonal) distance -= 2 * Math.sqrt(Math.max(0, value));
  return Math.max(0, distance);
}

/**
 * The transposed Cholesky factor L^T, L L^T = A, of a symmetric positive semidefinite A [n, n]. A pivot that is 0 up to rounding gives a
 * column of 0: constant features, or features that depend linearly on others.
 */
function semidefiniteRoot(a: Float64Array, n: number): Float64Array {
  const factor = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    const row = factor.subarray(i * n, i * n + n);
    for (let j = 0; j < i; j++) {
      const pivot = factor[j * n + j]!;
      row[j] = pivot === 0 ? 0 : (a[i * n + j]! - dot(row, factor.subarray(j * n, j * n + j), j)) / pivot;
    }
    const rest = a[i * n + i]! - dot(row, row, i);
    row[i] = rest > n * Number.EPSILON * a[i * n + i]! ? Math.sqrt(rest) : 0;
  }
  return transposed(factor, n);
}

/** U C U^T for a symmetric C, lower triangle only; U and C are [n, n]. */
function congruent(c: Float64Array, upper: Float64Array, n: number): Float64Array {
  const products = new TileProducts(n, { depth: Math.min(BLOCK, n), sets: 2 });
  const timesTransposed = (a: Float64Array, b: Float64Array, which: "all" | "lower"): Float64Array => {
    const out = new Float64Array(n * n);
    for (let first = 0; first < n; first += BLOCK) {
      const count = Math.min(BLOCK, n - first);
      products.fill(0, count, (row, k) => a[row * n + first + k]!);
      products.fill(1, count, (row, k) => b[row * n + first + k]!);
      products.addTo(out, which);
    }
    return out;
  };
  return timesTransposed(timesTransposed(upper, c, "all"), upper, "lower");
}

function transposed(a: Float64Array, n: number): Float64Array {
  const out = new Float64Array(n * n);
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) out[j * n + i] = a[i * n + j]!;
  return out;
}
