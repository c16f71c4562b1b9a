import { constant, type Tensor } from "../graph/tensor.ts";
import type { Context } from "../nn/context.ts";

/** What a bijector makes of examples. */
export interface Mapped {
  /** [batch, ...]. */
  readonly z: Tensor;
  /** log |det dz/dx|, [batch] in nats. */
  readonly logDet: Tensor;
}

/**
 * An invertible map between examples x and latents z. By the change of variables,
 *
 *   log p(x) = log p(z) + log |det dz/dx|,     z = toLatent(x)
 *
 * A flow is a chain of them (Rezende & Mohamed 2015, arXiv:1505.05770). `given` is what those that have networks are conditioned on: a vector for each
 * example, [batch, size], or features of it as an image, [batch, channels, height, width].
 */
export interface Bijector {
  /** Of x [batch, ...shape]. */
  toLatent(x: Tensor, context: Context, given?: Tensor): Mapped;
  /** The inverse. */
  toData(z: Tensor, context: Context, given?: Tensor): Tensor;
}

/** A network of a bijector: outputs for the values that it leaves as they are, and what the batch is conditioned on. */
export interface BijectorNetwork {
  apply(kept: Tensor, context: Context, given?: Tensor): Tensor;
}

/** The logDet of a map that keeps volumes, of x [batch, ...]. */
export const unchangedVolume = (x: Tensor): Tensor => constant(0, [], x.dtype).broadcastTo([x.shape[0]!]);
