/**
 * Mean code of each class, [classes, dim], from codes [count, dim] and one label per code; NaN for a class without codes.
 */
export function classMeans(codes: Float32Array, labels: ArrayLike<number>, classes: number): Float32Array {
  const dim = codes.length / labels.length;
  const sums = new Float64Array(classes * dim);
  const counts = new Float64Array(classes);
  for (let n = 0; n < labels.length; n++) {
    const label = labels[n]!;
    counts[label]! += 1;
    for (let i = 0; i < dim; i++) sums[label * dim + i]! += codes[n * dim + i]!;
  }
  return Float32Array.from(sums, (sum, i) => sum / counts[Math.floor(i / dim)]!);
}

/**
 * Latent arithmetic: c + strength (a - b). With the mean codes of two classes, or of examples with and without an attribute, a - b is the
 * attribute vector.
 *
 * @example
 * analogy([Float32Array.of(1, 1), Float32Array.of(1, 0), Float32Array.of(5, 5)]); // [5, 6]
 */
export const analogy = ([a, b, c]: readonly [Float32Array, Float32Array, Float32Array], strength = 1): Float32Array =>
  c.map((value, i) => value + strength * (a[i]! - b[i]!));
