/**
 * Latent traversal: codes [dims.length * size, base.length], one row of `size` codes per dimension, which moves through its range while all
 * other dimensions are fixed at `base`.
 *
 * @example
 * traversal(Float32Array.of(0, 9), [0], 3, () => [-1, 1]); // [-1, 9, 0, 9, 1, 9]
 */
export function traversal(
  base: Float32Array,
  dims: readonly number[],
  size: number,
  rangeOf: (dim: number) => readonly [low: number, high: number],
): Float32Array {
  const codes = new Float32Array(dims.length * size * base.length);
  dims.forEach((dim, row) => {
    const [low, high] = rangeOf(dim);
    for (let column = 0; column < size; column++) {
      const at = (row * size + column) * base.length;
      codes.set(base, at);
      codes[at + dim] = low + ((high - low) * column) / Math.max(1, size - 1);
    }
  });
  return codes;
}

/** Per-dimension quantile of codes [count, dim]: [dim]. */
export function codeQuantile(codes: Float32Array, dim: number, fraction: number): Float32Array {
  const count = codes.length / dim;
  return Float32Array.from({ length: dim }, (_, i) => {
    const values = Float32Array.from({ length: count }, (__, n) => codes[n * dim + i]!).toSorted();
    return values[Math.round(fraction * (count - 1))]!;
  });
}
