import { type Tensor, Variable } from "../graph/tensor.ts";
import { substitute } from "../graph/traverse.ts";
import type { Context } from "./context.ts";
import { parameters } from "./module.ts";
import { maximum, sqrt, square } from "../ops/arithmetic.ts";
import { stopGradient } from "../ops/elementwise.ts";
import { reshape, transpose } from "../ops/movement.ts";
import type { Layer } from "./residual.ts";

/** The estimate of one weight's largest singular value, and the vector it is iterated from. */
interface Estimate {
  readonly weight: Variable;
  /** The left singular vector so far, [1, rows]: the graph brings it nearer at each step. */
  readonly left: Variable;
}

const estimateOf = (weight: Variable): Estimate => ({
  weight,
  left: new Variable([1, weight.shape[0]!], { kind: "normal", mean: 0, std: 1 }, { trainable: false }),
});

/** One power iteration a training step. */
function iterate(estimates: readonly Estimate[], context: Context): void {
  if (context.training) for (const estimate of estimates) context.update(estimate.left, nextLeft(estimate));
}

/** The largest singular value of a weight, as estimated so far. */
const sigmaOf = (estimate: Estimate): Tensor => norm(image(estimate)).reshape([]);

/**
 * A network with each weight W, as a matrix of its first axis against the others, divided by its spectral norm (Miyato et al.
 * 2018, arXiv:1802.05957, algorithm 1):
 *
 *   v = W^T u / |W^T u|,     sigma = |W v|,     u <- W v / sigma
 *
 * one power iteration a step, with u and v held constant in the gradient.
 */
export class SpectrallyNormalized implements Layer {
  readonly plain: Layer;
  readonly estimates: readonly Estimate[];

  constructor(plain: Layer) {
    this.plain = plain;
    this.estimates = [...parameters(plain).values()].filter(({ rank }) => rank > 1).map(estimateOf);
  }

  apply(x: Tensor, context: Context): Tensor {
    iterate(this.estimates, context);
    const normalized = this.estimates.map(
      (estimate) => [estimate.weight, estimate.weight.div(sigmaOf(estimate))] as const,
    );
    return substitute([this.plain.apply(x, context)], new Map(normalized))[0]!;
  }
}

/**
 * Spectral regularization (Yoshida & Miyato 2017, arXiv:1705.10941; Vahdat & Kautz 2020, arXiv:2007.03898, eq. 3): the sum of the largest
 * singular values of weights, as matrices of their first axis against the others, each by the same power iteration.
 */
export class SpectralPenalty {
  readonly weight: number;
  readonly estimates: readonly Estimate[];

  /** `weight`: lambda, of the penalty in the loss. */
  constructor(weights: readonly Variable[], weight: number) {
    this.weight = weight;
    this.estimates = weights.map(estimateOf);
  }

  of(context: Context): Tensor {
    iterate(this.estimates, context);
    return this.estimates.map(sigmaOf).reduce((a, b) => a.add(b));
  }
}

/** One power iteration: the next left singular vector. */
function nextLeft(estimate: Estimate): Tensor {
  const next = stopGradient(image(estimate));
  return next.div(norm(next));
}

/** W v as a row, [1, rows]. */
function image({ weight, left }: Estimate): Tensor {
  const matrix = reshape(weight, [weight.shape[0]!, -1]);
  const right = left.matmul(matrix);
  return stopGradient(right.div(norm(right))).matmul(transpose(matrix));
}

/** The Euclidean norm of a row, [1, 1]; above 0, so that a weight of zeros stays one and has a gradient. */
const norm = (row: Tensor): Tensor => sqrt(maximum(square(row).sum(1, true), 1e-24));
