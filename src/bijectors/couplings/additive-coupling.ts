import type { Tensor } from "../../graph/tensor.ts";
import type { Context } from "../../nn/context.ts";
import { type Bijector, type BijectorNetwork, type Mapped, unchangedVolume } from "../bijector.ts";
import type { Division } from "./division.ts";

/**
 * Additive coupling (Dinh, Krueger & Bengio 2014, arXiv:1410.8516, section 3.2): some of the values, a, shift the others, b,
 *
 *   z_a = x_a,     z_b = x_b + m(x_a),     log |det dz/dx| = 0
 *
 * The network gives m in the shape of b.
 */
export class AdditiveCoupling implements Bijector {
  readonly network: BijectorNetwork;
  readonly #division: Division;

  constructor(network: BijectorNetwork, division: Division) {
    this.network = network;
    this.#division = division;
  }

  toLatent(x: Tensor, context: Context, given?: Tensor): Mapped {
    const { kept, changed } = this.#division.divide(x);
    const z = this.#division.join(kept, changed.add(this.network.apply(kept, context, given)));
    return { z, logDet: unchangedVolume(x) };
  }

  toData(z: Tensor, context: Context, given?: Tensor): Tensor {
    const { kept, changed } = this.#division.divide(z);
    return this.#division.join(kept, changed.sub(this.network.apply(kept, context, given)));
  }
}
