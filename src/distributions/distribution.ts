import { UnsupportedOpError } from "../errors.ts";
import type { DType, Shape } from "../graph/shape.ts";
import { lift, type Operand, Tensor } from "../graph/tensor.ts";

/**
 * A probability distribution over tensors, as symbolic functions of its parameters.
 *
 * Base distributions are elementwise: all elements are independent. `independent(d, axes)` reinterprets trailing batch axes as event axes, over
 * which log-probabilities are summed. Operations without a closed form throw UnsupportedOpError.
 */
export interface Distribution {
  /** Name in error messages. */
  readonly name: string;
  /** Shape of one sample: batch axes, then `eventRank` event axes. Parameters broadcast to it. */
  readonly shape: Shape;
  readonly eventRank: number;
  /** Expected value, broadcastable to `shape`. */
  readonly mean: Tensor;
  /** Variance of each element, broadcastable to `shape`. */
  readonly variance: Tensor;
  /** Log-density, or log-probability of a discrete value, in nats: broadcast batch shape, without event axes. */
  logProb(x: Tensor): Tensor;
  /** Samples of shape [...sampleShape, ...shape], without gradient. */
  sample(sampleShape?: Shape): Tensor;
  /** Reparameterized samples of shape [...sampleShape, ...shape]: differentiable in the parameters. */
  rsample(sampleShape?: Shape): Tensor;
  /** Entropy in nats (differential entropy of a continuous distribution): `shape` without event axes. */
  entropy(): Tensor;
}

/** Two parameters as tensors; a number takes the other's dtype. */
export function liftPair(x: Operand, y: Operand): readonly [Tensor, Tensor] {
  const dtype: DType = x instanceof Tensor ? x.dtype : y instanceof Tensor ? y.dtype : "float32";
  return [lift(x, dtype), lift(y, dtype)];
}

/** Throws UnsupportedOpError for an operation without a closed form or derivative, naming an alternative. */
export function unavailable(where: string, wrong: string, instead: string): never {
  throw new UnsupportedOpError(`${where}: ${wrong}, expected ${instead}`);
}
