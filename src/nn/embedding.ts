import { ConfigError } from "../errors.ts";
import { constant, type Tensor, Variable } from "../graph/tensor.ts";
import { concat, cos, gather, reshape, sin } from "../ops/index.ts";
import { type Initialize, normal } from "./initializers.ts";

/** A learned vector for each of `count` symbols: int64 [...] -> [..., dim]. */
export class Embedding {
  /** [count, dim]. */
  readonly weight: Variable;

  constructor(count: number, dim: number, weight: Initialize = normal(1)) {
    this.weight = new Variable([count, dim], weight({ in: count, out: dim }));
  }

  apply(indices: Tensor): Tensor {
    return gather(this.weight, indices, 0);
  }
}

/**
 * Sines, then cosines, of t [n] at dim / 2 frequencies: [n, dim] (arXiv:1706.03762, section 3.5).
 *
 *   sin(t w_i), cos(t w_i) with w_i = maxPeriod^(-2 i / dim)
 */
export function sinusoidalEmbedding(t: Tensor, dim: number, maxPeriod = 10_000): Tensor {
  const half = dim / 2;
  if (!Number.isInteger(half) || half < 1 || t.rank !== 1)
    throw new ConfigError(`sinusoidalEmbedding: got ${dim} features of [${t.shape}], expected an even number of [n]`);
  const frequencies = constant(
    Array.from({ length: half }, (_, i) => maxPeriod ** (-i / half)),
    [1, half],
    t.dtype,
  );
  const angles = reshape(t, [-1, 1]).mul(frequencies);
  return concat([sin(angles), cos(angles)], 1);
}
