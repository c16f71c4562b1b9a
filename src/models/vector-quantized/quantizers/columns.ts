/** Rows of vectors, and columns of their symbols. */
import type { Shape } from "../../../graph/shape.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { sqrt, square } from "../../../ops/arithmetic.ts";
import { reshape, transpose } from "../../../ops/movement.ts";
import { argmin, mean, sum } from "../../../ops/reduction.ts";

/** The index of the nearest of entries [size, dim], int64 [n], of vectors [n, dim]. */
export const nearest = (vectors: Tensor, entries: Tensor): Tensor =>
  argmin(sum(square(entries), 1).sub(vectors.matmul(transpose(entries)).mul(2)), -1);

/** |a - b|^2 of each row of [n, dim]. */
export const squaredDistance = (a: Tensor, b: Tensor): Tensor => sum(square(a.sub(b)), 1);

/**
 * Vectors [n, dim] at a root mean square of 1. A likelihood that becomes sharper, as one with a learned variance does, would otherwise make the encoder's
 * outputs grow faster than moving averages follow: on Fashion-MNIST the perplexity of 256 symbols fell from 184 to 148 between steps 180 and 300.
 */
export const atUnitScale = (z: Tensor): Tensor => z.div(sqrt(mean(square(z), 1, true).add(1e-3)));

/** What of the variance of vectors z [n, dim] their quantized ones leave out. */
export function relativeError(z: Tensor, quantized: Tensor): Tensor {
  const variance = mean(sum(square(z.sub(mean(z, 0, true))), 1));
  return mean(sum(square(z.sub(quantized)), 1)).div(variance.add(1e-12));
}

/** [n] as [n, 1] and back: symbols of a quantizer that gives one a vector. */
export const asColumn = (symbols: Tensor): Tensor => reshape(symbols, [symbols.size, 1]);
export const asRow = (symbols: Tensor): Tensor => reshape(symbols, [symbols.size]);

/** Symbols [batch * positions, depth] as a latent of this shape, and back. */
export function asLatent(symbols: Tensor, shape: Shape, depth: number): Tensor {
  if (depth === 1) return reshape(symbols, [-1, ...shape]);
  const last = reshape(symbols, [-1, ...shape.slice(1), depth]);
  return transpose(last, [0, last.rank - 1, ...shape.slice(1).map((_, i) => i + 1)]);
}
export function asRows(latent: Tensor, depth: number): Tensor {
  if (depth === 1) return reshape(latent, [latent.size, 1]);
  return reshape(transpose(latent, [0, ...latent.shape.slice(2).map((_, i) => i + 2), 1]), [-1, depth]);
}
