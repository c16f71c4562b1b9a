import type { Tensor } from "../../graph/tensor.ts";
import type { Context } from "../../nn/context.ts";
import { exp, flatten, split, sum, tanh } from "../../ops/index.ts";
import type { Bijector, BijectorNetwork, Mapped } from "../bijector.ts";
import type { Division } from "./division.ts";

/** The usual largest |log scale|: a factor of 20 either way, so that neither direction overflows. */
const usualBound = 3;

/**
 * Affine coupling (Dinh, Sohl-Dickstein & Bengio 2016, arXiv:1605.08803, eq. 7): some of the values, a, scale and shift the others, b,
 *
 *   z_a = x_a,     z_b = x_b exp(s(x_a)) + t(x_a),     log |det dz/dx| = sum s(x_a)
 *
 * with |s| held below `bound` by a tanh. The network gives s and t one after another along axis 1, each in the shape of b.
 */
export class AffineCoupling implements Bijector {
  readonly network: BijectorNetwork;
  readonly bound: number;
  readonly #division: Division;

  constructor(network: BijectorNetwork, division: Division, { bound = usualBound }: { readonly bound?: number } = {}) {
    this.network = network;
    this.bound = bound;
    this.#division = division;
  }

  toLatent(x: Tensor, context: Context, given?: Tensor): Mapped {
    const { kept, changed } = this.#division.divide(x);
    const { logScale, shift } = this.#parameters(kept, context, given);
    const z = this.#division.join(kept, changed.mul(exp(logScale)).add(shift));
    return { z, logDet: sum(flatten(logScale), 1) };
  }

  toData(z: Tensor, context: Context, given?: Tensor): Tensor {
    const { kept, changed } = this.#division.divide(z);
    const { logScale, shift } = this.#parameters(kept, context, given);
    return this.#division.join(kept, changed.sub(shift).mul(exp(logScale.neg())));
  }

  #parameters(kept: Tensor, context: Context, given?: Tensor): { readonly logScale: Tensor; readonly shift: Tensor } {
    const [raw, shift] = split(this.network.apply(kept, context, given), 1, 2);
    return { logScale: this.#division.counted(tanh(raw.div(this.bound)).mul(this.bound)), shift };
  }
}
