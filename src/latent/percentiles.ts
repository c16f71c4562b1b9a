import { normalQuantile } from "../normal-quantile.ts";

/** `count` quantiles of a standard normal variable, equally spaced in probability from the 5th to the 95th percentile. */
export const normalPercentiles = (count: number): number[] =>
  Array.from({ length: count }, (_, i) => normalQuantile(count === 1 ? 0.5 : 0.05 + (0.9 * i) / (count - 1)));

/**
 * Codes [size * size, latentDim] on a grid of standard normal percentiles in two dimensions, the others 0; row-major as in an image: the first
 * dimension increases to the right, the second upwards (arXiv:1312.6114, figure 4).
 */
export function percentileGrid(latentDim: number, [right, up]: readonly [number, number], size: number): Float32Array {
  const values = normalPercentiles(size);
  const codes = new Float32Array(size * size * latentDim);
  for (let row = 0; row < size; row++)
    for (let column = 0; column < size; column++) {
      const at = (row * size + column) * latentDim;
      codes[at + up] = values[size - 1 - row]!;
      codes[at + right] = values[column]!;
    }
  return codes;
}
