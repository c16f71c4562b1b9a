import { type Tensor, Variable } from "../graph/tensor.ts";
import { gather } from "../ops/index.ts";
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
