import type { Tensor } from "../graph/tensor.ts";
import type { Context } from "../nn/context.ts";
import { concat, exp, flatten, split, sum, tanh } from "../ops/index.ts";
import type { Bijector, BijectorNetwork, Mapped } from "./bijector.ts";

/** The largest |log scale|: a factor of 20 either way, so that neither direction overflows. */
const bound = 3;

/**
 * Affine coupling (Dinh, Sohl-Dickstein & Bengio 2016, arXiv:1605.08803): one half of the values scales and shifts the other,
 *
 *   z_a = x_a,     z_b = x_b exp(s(x_a)) + t(x_a),     log |det dz/dx| = sum s(x_a)
 *
 * with s bounded by a tanh. The network gives s and t one after another along the halved axis.
 */
export class AffineCoupling implements Bijector {
  readonly network: BijectorNetwork;
  readonly #sizes: readonly [number, number];
  readonly #changed: "first" | "second";

  /** `sizes`: of the halves along axis 1; `changed`: which of them is scaled and shifted. */
  constructor(network: BijectorNetwork, sizes: readonly [number, number], changed: "first" | "second") {
    this.network = network;
    this.#sizes = sizes;
    this.#changed = changed;
  }

  toLatent(x: Tensor, context: Context, given?: Tensor): Mapped {
    const { kept, changed } = this.#halves(x);
    const { logScale, shift } = this.#parameters(kept, context, given);
    const z = this.#joined(kept, changed.mul(exp(logScale)).add(shift));
    return { z, logDet: sum(flatten(logScale), 1) };
  }

  toData(z: Tensor, context: Context, given?: Tensor): Tensor {
    const { kept, changed } = this.#halves(z);
    const { logScale, shift } = this.#parameters(kept, context, given);
    return this.#joined(kept, changed.sub(shift).mul(exp(logScale.neg())));
  }

  #parameters(kept: Tensor, context: Context, given?: Tensor): { readonly logScale: Tensor; readonly shift: Tensor } {
    const [raw, shift] = split(this.network.apply(kept, context, given), 1, 2) as [Tensor, Tensor];
    return { logScale: tanh(raw.div(bound)).mul(bound), shift };
  }

  #halves(h: Tensor): { readonly kept: Tensor; readonly changed: Tensor } {
    const [first, second] = split(h, 1, [...this.#sizes]) as [Tensor, Tensor];
    return this.#changed === "first" ? { kept: second, changed: first } : { kept: first, changed: second };
  }

  #joined(kept: Tensor, changed: Tensor): Tensor {
    return concat(this.#changed === "first" ? [changed, kept] : [kept, changed], 1);
  }
}
