import { sizeOf, type Shape } from "../../graph/shape.ts";
import type { Tensor } from "../../graph/tensor.ts";
import type { Context } from "../../nn/context.ts";
import { concat, flatten, reshape, split } from "../../ops/movement.ts";
import type { Bijector, Mapped } from "../bijector.ts";

/**
 * A level of a multi-scale flow (Dinh, Sohl-Dickstein & Bengio 2016, arXiv:1605.08803, section 3.6): the first half of the channels goes on through
 * `inner`, which ends in vectors, the other half is latent as it is:
 *
 *   z = [inner(h_1), h_2]
 *
 * A coupling before it that changes the second half makes that Gaussian given the first (arXiv:1807.03039, section 3.3).
 */
export class SplitChannels implements Bijector {
  readonly inner: Bijector;
  /** Of one example. */
  readonly shape: Shape;
  readonly #sizes: readonly [number, number];

  constructor(shape: Shape, inner: Bijector) {
    this.inner = inner;
    this.shape = shape;
    const first = Math.ceil(shape[0]! / 2);
    this.#sizes = [first, shape[0]! - first];
  }

  toLatent(x: Tensor, context: Context, given?: Tensor): Mapped {
    const [on, out] = split(x, 1, this.#sizes);
    const { z, logDet } = this.inner.toLatent(on, context, given);
    return { z: concat([z, flatten(out)], 1), logDet };
  }

  toData(z: Tensor, context: Context, given?: Tensor): Tensor {
    const rest = this.shape.slice(1);
    const [on, out] = this.#sizes.map((channels) => channels * sizeOf(rest)) as [number, number];
    const [inner, latent] = split(z, 1, [on, out]);
    const second = reshape(latent, [z.shape[0]!, this.#sizes[1], ...rest]);
    return concat([this.inner.toData(inner, context, given), second], 1);
  }
}
