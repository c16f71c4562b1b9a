import { dot } from "./tridiagonal.ts";

/** Row i of a row-major matrix with rows of `size` numbers. */
const row = (matrix: Float64Array, i: number, size: number): Float64Array => matrix.subarray(i * size, (i + 1) * size);

/** Inner products of the rows of a [m, size] and b [n, size]: [m, n]. */
export function innerProducts(a: Float64Array, b: Float64Array, size: number): Float64Array {
  const [m, n] = [a.length / size, b.length / size];
  return Float64Array.from({ length: m * n }, (_, at) =>
    dot(row(a, Math.floor(at / n), size), row(b, at % n, size), size),
  );
}

/** Matrix product of weights [m, n] and b [n, size]: [m, size]. */
export function weightedSums(weights: Float64Array, b: Float64Array, size: number): Float64Array {
  const n = b.length / size;
  const sums = new Float64Array((weights.length / n) * size);
  weights.forEach((weight, at) => {
    const [to, from] = [row(sums, Math.floor(at / n), size), row(b, at % n, size)];
    for (let k = 0; k < size; k++) to[k]! += weight * from[k]!;
  });
  return sums;
}

/**
 * Orthonormalizes the rows of a in place by Gram-Schmidt with reorthogonalization. A row that depends linearly on earlier ones is replaced by
 * another direction.
 */
export function orthonormalize(a: Float64Array, size: number): void {
  const count = a.length / size;
  for (let i = 0; i < count; i++) {
    const y = row(a, i, size);
    // The remaining length of a unit vector shows whether more than rounding error is left.
    for (let attempt = i; !(scaled(y) > 0 && withoutEarlier(a, i, size) > 1e-10); attempt += count)
      fillPatternless(y, attempt);
    withoutEarlier(a, i, size);
  }
}

/** Fills y with pattern-free numbers in [-1, 1], a different vector for each `which`, unlikely to lie in a given subspace. */
export function fillPatternless(y: Float64Array, which: number): void {
  for (let k = 0; k < y.length; k++) y[k] = Math.sin((which + 1.5) * (k + 1) ** 2);
}

/** Projects row i onto the orthogonal complement of earlier rows and normalizes it. Returns the length before normalization. */
function withoutEarlier(a: Float64Array, i: number, size: number): number {
  const y = row(a, i, size);
  for (let j = 0; j < i; j++) {
    const z = row(a, j, size);
    const along = dot(y, z, size);
    for (let k = 0; k < size; k++) y[k]! -= along * z[k]!;
  }
  return scaled(y);
}

/** Normalizes a vector without intermediate overflow. Returns its original length. */
export function scaled(y: Float64Array): number {
  const largest = y.reduce((max, v) => Math.max(max, Math.abs(v)), 0);
  if (largest === 0) return 0;
  const length = largest * Math.sqrt(y.reduce((sum, v) => sum + (v / largest) ** 2, 0));
  for (let i = 0; i < y.length; i++) y[i]! /= length;
  return length;
}
