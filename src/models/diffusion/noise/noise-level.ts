import type { Tensor } from "../../../graph/tensor.ts";
import { reshape } from "../../../ops/movement.ts";

/**
 * How noisy an example is: y = alpha x + sigma n, n ~ N(0, I). The scale is free: c y is the same observation at the level (c alpha,
 * c sigma). Scalars, or [batch].
 */
export interface NoiseLevel {
  readonly alpha: Tensor;
  readonly sigma: Tensor;
}

/** A level in numbers of the host. */
export interface NoisePoint {
  readonly alpha: number;
  readonly sigma: number;
}

/** One number for each example, [batch] or a scalar, shaped to broadcast over x [batch, ...]. */
export const over = (x: Tensor, v: Tensor): Tensor =>
  v.rank === 0 ? v : reshape(v, [v.size, ...x.shape.slice(1).map(() => 1)]);

/** y = alpha x + sigma n. */
export const noisy = (x: Tensor, n: Tensor, { alpha, sigma }: NoiseLevel): Tensor =>
  x.mul(over(x, alpha)).add(n.mul(over(x, sigma)));
