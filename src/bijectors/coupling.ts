import type { Tensor } from "../graph/tensor.ts";
import type { Context } from "../nn/context.ts";
import { concat, reshape, split, sum } from "../ops/index.ts";
import type { Bijector, BijectorNetwork, Mapped } from "./bijector.ts";
import type { Elementwise } from "./elementwise.ts";

/**
 * Coupling of vectors (Dinh, Sohl-Dickstein & Bengio 2016, arXiv:1605.08803; with a spline arXiv:1906.04032): the values of one part go through monotone functions whose parameters follow
 * from the other,
 *
 *   z_a = x_a,     z_b,i = f(x_b,i; h_i(x_a)),     log |det dz/dx| = sum_i log df/dx_b,i
 */
export class Coupling implements Bijector {
  readonly network: BijectorNetwork;
  readonly #each: Elementwise;
  readonly #sizes: readonly [number, number];
  readonly #changed: "first" | "second";

  /** `network`: from the part that is kept to `each.parameters` for every value of the other. `sizes`: of the two parts. `changed`: which of them. */
  constructor(
    each: Elementwise,
    network: BijectorNetwork,
    { sizes, changed }: { readonly sizes: readonly [number, number]; readonly changed: "first" | "second" },
  ) {
    this.network = network;
    this.#each = each;
    this.#sizes = sizes;
    this.#changed = changed;
  }

  toLatent(x: Tensor, context: Context, given?: Tensor): Mapped {
    const { kept, changed } = this.#parts(x);
    const { z, logSlope } = this.#each.toLatent(changed, this.#parameters(kept, changed, context, given));
    return { z: this.#joined(kept, z), logDet: sum(logSlope, 1) };
  }

  toData(z: Tensor, context: Context, given?: Tensor): Tensor {
    const { kept, changed } = this.#parts(z);
    return this.#joined(kept, this.#each.toData(changed, this.#parameters(kept, changed, context, given)));
  }

  #parameters(kept: Tensor, changed: Tensor, context: Context, given?: Tensor): Tensor {
    return reshape(this.network.apply(kept, context, given), [...changed.shape, this.#each.parameters]);
  }

  #parts(h: Tensor): { readonly kept: Tensor; readonly changed: Tensor } {
    const [first, second] = split(h, 1, [...this.#sizes]) as [Tensor, Tensor];
    return this.#changed === "first" ? { kept: second, changed: first } : { kept: first, changed: second };
  }

  #joined(kept: Tensor, changed: Tensor): Tensor {
    return concat(this.#changed === "first" ? [changed, kept] : [kept, changed], 1);
  }
}
