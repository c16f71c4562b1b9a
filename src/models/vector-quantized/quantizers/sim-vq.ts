import { type Tensor, Variable } from "../../../graph/tensor.ts";
import type { Context } from "../../../nn/context.ts";
import { stopGradient } from "../../../ops/elementwise.ts";
import { gather } from "../../../ops/indexing.ts";
import { asColumn, asRow, nearest, squaredDistance } from "./columns.ts";
import { passGradient, type PassedGradient } from "./passed-gradient.ts";
import type { Quantized, Quantizer } from "./quantizer.ts";

/**
 * SimVQ (Zhu et al. 2024, arXiv:2411.02038): the entries are a linear map of vectors that stay as they are,
 *
 *   e_j = c_j W,   c_j ~ N(0, I / dim) fixed,   loss = |sg[z] - e_k|^2 + beta |z - sg[e_k]|^2
 *
 * so that a gradient of any entry in use moves all of them, and none is left behind.
 */
export class SimVQ implements Quantizer {
  readonly dim: number;
  readonly size: number;
  readonly depth = 1;
  /** c, [size, dim]. */
  readonly fixed: Variable;
  /** W, [dim, dim]. */
  readonly map: Variable;
  readonly #options: { readonly commitment: number; readonly gradient: PassedGradient };

  constructor(options: {
    readonly size: number;
    readonly dim: number;
    readonly commitment: number;
    readonly gradient: PassedGradient;
  }) {
    const { size, dim } = options;
    [this.size, this.dim, this.#options] = [size, dim, options];
    this.fixed = new Variable([size, dim], { kind: "normal", mean: 0, std: 1 / Math.sqrt(dim) }, { trainable: false });
    this.map = new Variable([dim, dim], { kind: "orthogonal", gain: 1 });
  }

  get entries(): Tensor {
    return this.fixed.matmul(this.map);
  }

  quantize(z: Tensor, context: Context): Quantized {
    const { commitment, gradient } = this.#options;
    const { entries } = this;
    const chosen = nearest(stopGradient(z), stopGradient(entries));
    const e = gather(entries, chosen, 0);
    const committed = squaredDistance(z, stopGradient(e)).mul(commitment);
    return {
      vectors: context.training ? passGradient(gradient, stopGradient(e), z) : e,
      symbols: asColumn(chosen),
      loss: committed.add(squaredDistance(stopGradient(z), e)),
    };
  }

  vectorsOf(symbols: Tensor): Tensor {
    return gather(this.entries, asRow(symbols), 0);
  }
}
