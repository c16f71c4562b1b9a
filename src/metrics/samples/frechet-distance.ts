import { ConfigError } from "../../errors.ts";
import { diagonalize, dot, tridiagonal } from "../../linalg/tridiagonal.ts";
import { countFeatures, type Features } from "./features.ts";
import { TileProducts } from "./tile-products.ts";

/** Mean and covariance of feature vectors, in float64. */
export interface FeatureMoments {
  readonly dim: number;
  readonly count: number;
  readonly mean: Float64Array;
  /** [dim, dim], with count - 1 below the sum. */
  readonly covariance: Float64Array;
}

/**
 * Moments of features [count, dim]. Throws ConfigError where there are too few for a covariance of full rank, all are the same, or
 * one is not finite.
 */
export function featureMoments(features: Features, dim: number): FeatureMoments {
  const few = features.length / dim;
  if (few <= dim)
    throw new ConfigError(
      `frechet: too few examples for a covariance of ${dim} features, got ${few}, expected more than ${dim}`,
    );
  const count = countFeatures("frechet", features, { dim, least: dim + 1 });
  const mean = new Float64Array(dim);
  for (let row = 0; row < features.length; row += dim)
    for (let k = 0; k < dim; k++) mean[k]! += features[row + k]! / count;
  return { dim, count, mean, covariance: covarianceOf(features, mean) };
}

/** Examples, or places of a row, of a block of products: 2048 features of them take 4 MB. */
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
 * The squared 2-Wasserstein distance of two Gaussians of these moments (Dowson & Landau 1982), which Heusel et al. 2017
 * (arXiv:1706.08500, eq. 6) take of an Inception network's features:
 *
 *   |m_1 - m_2|^2 + tr(C_1 + C_2 - 2 (C_1 C_2)^(1/2))
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
  // With C_1 = L L^T, C_1 C_2 has the eigenvalues of the symmetric L^T C_2 L.
  const { diagonal, offDiagonal } = tridiagonal(congruent(b.covariance, semidefiniteRoot(a.covariance, dim), dim), dim);
  diagonalize(diagonal, offDiagonal, () => {});
  // Rounding takes eigenvalues of 0 a little below it.
  for (const value of diagonal) distance -= 2 * Math.sqrt(Math.max(0, value));
  return Math.max(0, distance);
}

/**
 * The lower triangular L, transposed, with L L^T = A for a symmetric positive semidefinite A [n, n]. A pivot that is 0 but for rounding
 * leaves its column 0: features that never vary, or that follow from others.
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

/** U C U^T, of which the lower triangle is filled, for a symmetric C; U and C [n, n]. */
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
