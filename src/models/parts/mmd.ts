import { ConfigError } from "../../errors.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { maximum, reciprocal, square } from "../../ops/arithmetic.ts";
import { exp } from "../../ops/elementwise.ts";
import { transpose } from "../../ops/movement.ts";

export const kernelNames = ["imq", "rbf"] as const;
export type KernelName = (typeof kernelNames)[number];

/** k(x, y) as a function of the squared distance and a bandwidth. */
const kernels: Readonly<Record<KernelName, (squaredDistance: Tensor, width: number) => Tensor>> = {
  imq: (squaredDistance, width) => reciprocal(squaredDistance.div(width).add(1)),
  rbf: (squaredDistance, width) => exp(squaredDistance.div(-width)),
};

/** Bandwidths, relative to the expected squared distance of two samples of the prior. */
const scales = [0.1, 0.2, 0.5, 1, 2, 5, 10];

/**
 * Squared maximum mean discrepancy between the rows of x and of y, [n, d] each, n at least 2, as the U-statistic
 * (arXiv:1711.01558, algorithm 2; Gretton et al., JMLR 13, 2012, lemma 6): a scalar whose expectation is 0 where both
 * come from one distribution, so that it may be negative. Throws ConfigError for a single row.
 *
 *   1/(n(n-1)) sum_{l != j} [k(x_l, x_j) + k(y_l, y_j)]  -  2/n^2 sum_{l, j} k(x_l, y_j)
 *
 * - `imq`: k = sum_s C_s / (C_s + |x - y|^2), the paper's
 * - `rbf`: k = sum_s exp(-|x - y|^2 / C_s)
 *
 * with C_s = 2 d s, s from 0.1 to 10: 2 d is the expected squared distance of two samples of N(0, I).
 */
export function mmd(x: Tensor, y: Tensor, kernel: KernelName): Tensor {
  const [n, d] = x.shape as [number, number];
  if (n < 2)
    throw new ConfigError(
      `mmd: a maximum mean discrepancy needs two codes, got ${n} example, expected a batch size, and a validation split, of at least 2`,
    );
  const sum = (a: Tensor, b: Tensor): Tensor => {
    const squared = squaredDistances(a, b);
    return scales.map((scale) => kernels[kernel](squared, 2 * d * scale).sum()).reduce((s, each) => s.add(each));
  };
  // The diagonal, where each kernel is 1, is left out.
  const within = (a: Tensor): Tensor => sum(a, a).sub(n * scales.length);
  return within(x)
    .add(within(y))
    .div(n * (n - 1))
    .sub(sum(x, y).mul(2 / (n * n)));
}

/** |a_l - b_j|^2 for all pairs of rows, [n, n]: |a|^2 + |b|^2 - 2 a b, with rounding below 0 taken to 0. */
function squaredDistances(a: Tensor, b: Tensor): Tensor {
  const squares = (t: Tensor): Tensor => square(t).sum(1, true);
  return maximum(
    squares(a)
      .add(transpose(squares(b)))
      .sub(a.matmul(transpose(b)).mul(2)),
    0,
  );
}
