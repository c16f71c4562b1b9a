import type { Tensor } from "../../graph/tensor.ts";
import type { Context } from "../../nn/context.ts";
import { reshape, sum } from "../../ops/index.ts";
import type { Bijector, BijectorNetwork, Mapped } from "../bijector.ts";
import type { Division } from "./division.ts";
import type { Elementwise } from "../elementwise.ts";

/**
 * Coupling of vectors (Dinh, Sohl-Dickstein & Bengio 2016, arXiv:1605.08803; with a spline arXiv:1906.04032): the values of one part go through monotone functions whose parameters follow
 * from the other,
 *
 *   z_a = x_a,     z_b,i = f(x_b,i; h_i(x_a)),     log |det dz/dx| = sum_i log df/dx_b,i
 */
export class Coupling implements Bijector {
  readonly network: BijectorNetwork;
  readonly #each: Elementwise;
  readonly #division: Division;

  /** `network`: from the part that is kept to `each.parameters` for every value of the other. */
  constructor(each: Elementwise, network: BijectorNetwork, division: Division) {
    this.network = network;
    this.#each = each;
    this.#division = division;
  }

  toLatent(x: Tensor, context: Context, given?: Tensor): Mapped {
    const { kept, changed } = this.#division.divide(x);
    const { z, logSlope } = this.#each.toLatent(changed, this.#parameters(kept, changed, context, given));
    return { z: this.#division.join(kept, z), logDet: sum(this.#division.counted(logSlope), 1) };
  }

  toData(z: Tensor, context: Context, given?: Tensor): Tensor {
    const { kept, changed } = this.#division.divide(z);
    return this.#division.join(kept, this.#each.toData(changed, this.#parameters(kept, changed, context, given)));
  }

  #parameters(kept: Tensor, changed: Tensor, context: Context, given?: Tensor): Tensor {
    return reshape(this.network.apply(kept, context, given), [...changed.shape, this.#each.parameters]);
  }
}
