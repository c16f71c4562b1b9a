import { dot } from "./tridiagonal.ts";

/** Matrices here are row-major, one vector of `size` numbers a row. */
const row = (matrix: Float64Array, i: number, size: number): Float64Array => matrix.subarray(i * size, (i + 1) * size);

/** Inner products of the rows of a with those of b: [rows of a, rows of b]. */
export function innerProducts(a: Float64Array, b: Float64Array, size: number): Float64Array {
  const [m, n] = [a.length / size, b.length / size];
  return Float64Array.from({ length: m * n }, (_, at) =>
    dot(row(a, Math.floor(at / n), size), row(b, at % n, size), size),
  );
}

/** weights [m, n] times b [n, size]: m sums of the rows of b. */
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
 * Gram-Schmidt, twice, in place: rows of length 1 at right angles that span what the rows spanned. A row that lies in the
 * span of those before it becomes another direction.
 */
export function orthonormalize(a: Float64Array, size: number): void {
  const count = a.length / size;
  for (let i = 0; i < count; i++) {
    const y = row(a, i, size);
    // The length kept of a unit vector says whether anything but rounding was left of it.
    for (let attempt = i; !(scaled(y) > 0 && withoutEarlier(a, i, size) > 1e-10); attempt += count)
      fillPatternless(y, attempt);
    withoutEarlier(a, i, size);
  }
}

/** Numbers between -1 and 1 without a pattern, another vector for each `which`: none is likely to lie in a given span. */
export function fillPatternless(y: Float64Array, which: number): void {
  for (let k = 0; k < y.length; k++) y[k] = Math.sin((which + 1.5) * (k + 1) ** 2);
}

/** Takes from row i what lies along earlier rows and scales it to length 1. Returns the length it had left. */
function withoutEarlier(a: Float64Array, i: number, size: number): number {
  const y = row(a, i, size);
  for (let j = 0; j < i; j++) {
    const z = row(a, j, size);
    const along = dot(y, z, size);
    for (let k = 0; k < size; k++) y[k]! -= along * z[k]!;
  }
  return scaled(y);
}

/** Scales a vector to length 1, without overflow on the way. Returns the length it had. */
export function scaled(y: Float64Array): number {
  const largest = y.reduce((max, v) => Math.max(max, Math.abs(v)), 0);
  if (largest === 0) return 0;
  const length = largest * Math.sqrt(y.reduce((sum, v) => sum + (v / largest) ** 2, 0));
  for (let i = 0; i < y.length; i++) y[i]! /= length;
  return length;
}
