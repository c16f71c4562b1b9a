import type { Shape } from "../graph/shape.ts";
import type { Tensor } from "../graph/tensor.ts";
import { equal, logSoftmax, oneHot, softmax, where } from "../ops/index.ts";
import { Categorical } from "./categorical.ts";
import { type Distribution, unavailable } from "./distribution.ts";

/**
 * Categorical over one-hot vectors, given logits [..., k]; one event of shape [k].
 *
 *   log p(x) = sum_i x_i log softmax(logits)_i
 */
export class OneHotCategorical implements Distribution {
  readonly name = "OneHotCategorical";
  readonly eventRank = 1;
  readonly logits: Tensor;

  constructor(logits: Tensor) {
    this.logits = logits;
  }

  get shape(): Shape {
    return this.logits.shape;
  }
  /** Class probabilities [..., k]. */
  get mean(): Tensor {
    return softmax(this.logits);
  }
  get variance(): Tensor {
    return this.mean.mul(this.mean.neg().add(1));
  }

  logProb(x: Tensor): Tensor {
    // Where x is 0 the class adds nothing, not even if it has no probability.
    return where(equal(x, 0), 0, logSoftmax(this.logits)).mul(x).sum(-1);
  }

  sample(sampleShape: Shape = []): Tensor {
    const classes = new Categorical(this.logits);
    return oneHot(classes.sample(sampleShape), classes.classes, this.logits.dtype);
  }
  rsample(): never {
    return unavailable("OneHotCategorical.rsample", "a class has no derivative", "sample, or RelaxedCategorical");
  }

  entropy(): Tensor {
    return new Categorical(this.logits).entropy();
  }
}
