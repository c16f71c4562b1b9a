import { UnsupportedOpError } from "../errors.ts";
import type { DType, Shape } from "../graph/shape.ts";
import { lift, type Operand, Tensor } from "../graph/tensor.ts";

/**
 * A probability distribution over tensors, as symbolic functions of its parameters.
 *
 * Plain distributions are elementwise: every element is a draw of its own. `independent(d, axes)` turns trailing axes
 * into one event whose log-probabilities add up. What a distribution cannot do in closed form refuses by name
 * (UnsupportedOpError).
 */
export interface Distribution {
  /** What errors call it. */
  readonly name: string;
  /** Shape of one draw: batch axes, then `eventRank` event axes. Parameters broadcast to it. */
  readonly shape: Shape;
  readonly eventRank: number;
  /** Expected value, broadcastable to `shape`. */
  readonly mean: Tensor;
  /** Variance of each element, broadcastable to `shape`. */
  readonly variance: Tensor;
  /** Log-density, or log-probability of a discrete value, in nats: the shape of x (broadcast) without its event axes. */
  logProb(x: Tensor): Tensor;
  /** Draws of shape [...sampleShape, ...shape] through which no derivative passes. */
  sample(sampleShape?: Shape): Tensor;
  /** Draws of shape [...sampleShape, ...shape] as a differentiable function of the parameters and parameter-free noise. */
  rsample(sampleShape?: Shape): Tensor;
  /** Entropy in nats, differential for a continuous distribution: `shape` without the event axes. */
  entropy(): Tensor;
}

/** Two parameters as tensors; a number takes the other's dtype. */
export function liftPair(x: Operand, y: Operand): readonly [Tensor, Tensor] {
  const dtype: DType = x instanceof Tensor ? x.dtype : y instanceof Tensor ? y.dtype : "float32";
  return [lift(x, dtype), lift(y, dtype)];
}

/** Refuses, by name, what a distribution has no closed form or no derivative for. */
export function unavailable(where: string, wrong: string, instead: string): never {
  throw new UnsupportedOpError(`${where}: ${wrong}, expected ${instead}`);
}
