import { ShapeError } from "../errors.ts";
import { formatType } from "../graph/shape.ts";
import { type Tensor, Variable } from "../graph/tensor.ts";
import { matmul, reshape, transpose } from "../ops/index.ts";
import { glorotUniform, type Initialize, linearFans, zeros } from "./initializers.ts";

export interface LinearOptions {
  /** false for a layer without one. */
  readonly bias?: Initialize | false;
  readonly weight?: Initialize;
}

/**
 * x W^T + b over the last axis: [..., in] -> [..., out].
 *
 * @example
 * const layer = new Linear(784, 400);
 * layer.apply(new Input("x", [64, 784])).shape; // [64, 400]
 */
export class Linear {
  /** [out, in]. */
  readonly weight: Variable;
  /** [out]. */
  readonly bias?: Variable;

  constructor(inDim: number, outDim: number, options: LinearOptions = {}) {
    const { weight = glorotUniform, bias = zeros } = options;
    const fans = linearFans(inDim, outDim);
    this.weight = new Variable([outDim, inDim], weight(fans));
    if (bias) this.bias = new Variable([outDim], bias(fans));
  }

  apply(x: Tensor): Tensor {
    const [outDim, inDim] = this.weight.shape as [number, number];
    if (x.shape.at(-1) !== inDim)
      throw new ShapeError(`Linear: last axis differs, got ${formatType(x)}, expected [..., ${inDim}]`);
    // The product and the bias stay together, in two dimensions, so that they compile to one Gemm.
    const product = matmul(reshape(x, [-1, inDim]), transpose(this.weight));
    return reshape(this.bias ? product.add(this.bias) : product, [...x.shape.slice(0, -1), outDim]);
  }
}
