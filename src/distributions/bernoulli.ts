import type { Shape } from "../graph/shape.ts";
import { lift, type Operand, type Tensor } from "../graph/tensor.ts";
import { cast, less, sigmoid, softplus, stopGradient } from "../ops/index.ts";
import { type Distribution, unavailable } from "./distribution.ts";
import { uniformNoise } from "./noise.ts";

/**
 * Bernoulli, elementwise: 0 or 1 as floats, with P(x = 1) = sigmoid(logits).
 *
 *   log p(x) = x logits - softplus(logits)
 *
 * This never takes the logarithm of a saturated probability, and its derivative in the logits is x - sigmoid(logits).
 * For x in [0, 1] it is the negative cross-entropy of a gray value.
 *
 * @example
 * const p = new Bernoulli(constant([0, 100], [2]));
 * evaluate([p.mean])[0]!.data; // [0.5, 1]
 */
export class Bernoulli implements Distribution {
  readonly name = "Bernoulli";
  readonly eventRank = 0;
  readonly logits: Tensor;

  constructor(logits: Operand) {
    this.logits = lift(logits, "float32");
  }

  get shape(): Shape {
    return this.logits.shape;
  }
  /** P(x = 1). */
  get mean(): Tensor {
    return sigmoid(this.logits);
  }
  get variance(): Tensor {
    return this.mean.mul(sigmoid(this.logits.neg()));
  }

  logProb(x: Tensor): Tensor {
    return x.mul(this.logits).sub(softplus(this.logits));
  }

  sample(sampleShape: Shape = []): Tensor {
    const { dtype } = this.logits;
    const u = uniformNoise([...sampleShape, ...this.shape], dtype);
    return stopGradient(cast(less(u, this.mean), dtype));
  }
  rsample(): never {
    return unavailable(
      "Bernoulli.rsample",
      "a binary sample has no derivative",
      "sample, or straightThrough(sample, mean)",
    );
  }

  entropy(): Tensor {
    return softplus(this.logits).sub(this.logits.mul(this.mean));
  }
}
