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
    this.estimates = [...parameters(plain).values()]
      .filter(({ rank }) => rank > 1)
      .map((weight) => ({
        weight,
        left: new Variable([1, weight.shape[0]!], { kind: "normal", mean: 0, std: 1 }, { trainable: false }),
      }));
  }

  apply(x: Tensor, context: Context): Tensor {
    if (context.training) for (const estimate of this.estimates) context.update(estimate.left, nextLeft(estimate));
    const normalized = this.estimates.map((estimate) => {
      const sigma = norm(image(estimate));
      return [estimate.weight, estimate.weight.div(sigma.reshape([]))] as const;
    });
    return substitute([this.plain.apply(x, context)], new Map(normalized))[0]!;
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

/** The Euclidean norm of a row, [1, 1]; above 0, so that a weight of zeros stays one. */
const norm = (row: Tensor): Tensor => maximum(sqrt(square(row).sum(1, true)), 1e-12);
