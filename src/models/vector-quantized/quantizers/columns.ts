/** Rows of vectors, and columns of their symbols. */
import type { Tensor } from "../../../graph/tensor.ts";
import { square } from "../../../ops/arithmetic.ts";
import { reshape, transpose } from "../../../ops/movement.ts";
import { argmin, sum } from "../../../ops/reduction.ts";

/** The index of the nearest of entries [size, dim], int64 [n], of vectors [n, dim]. */
export const nearest = (vectors: Tensor, entries: Tensor): Tensor =>
  argmin(sum(square(entries), 1).sub(vectors.matmul(transpose(entries)).mul(2)), -1);

/** |a - b|^2 of each row of [n, dim]. */
export const squaredDistance = (a: Tensor, b: Tensor): Tensor => sum(square(a.sub(b)), 1);

/** [n] as [n, 1] and back: symbols of a quantizer that gives one a vector. */
export const asColumn = (symbols: Tensor): Tensor => reshape(symbols, [symbols.size, 1]);
export const asRow = (symbols: Tensor): Tensor => reshape(symbols, [symbols.size]);
