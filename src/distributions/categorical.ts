import type { Shape } from "../graph/shape.ts";
import { constant, type Tensor } from "../graph/tensor.ts";
import { argmax, equal, greater, logSumExp, reshape, softmax, where } from "../ops/index.ts";
import { type Distribution, unavailable } from "./distribution.ts";
import { gumbelNoise } from "./noise.ts";

/**
 * Categorical over k classes, given logits [..., k]; values are int64 class indices of shape [...].
 *
 *   log p(x) = logits_x - logSumExp(logits)
 */
export class Categorical implements Distribution {
  readonly name = "Categorical";
  readonly eventRank = 0;
  readonly logits: Tensor;

  constructor(logits: Tensor) {
    this.logits = logits;
  }

  get shape(): Shape {
    return this.logits.shape.slice(0, -1);
  }
  get classes(): number {
    return this.logits.shape.at(-1)!;
  }
  /** Class probabilities [..., k]. */
  get probs(): Tensor {
    return softmax(this.logits);
  }
  get mean(): never {
    return unavailable("Categorical.mean", "class indices have no mean", "probs");
  }
  get variance(): never {
    return unavailable("Categorical.variance", "class indices have no variance", "probs");
  }

  logProb(x: Tensor): Tensor {
    // Selected, not multiplied by 0: another class may have a logit of minus infinity.
    const indices = constant([...Array.from({ length: this.classes }).keys()], [this.classes], "int64");
    const chosen = where(equal(reshape(x, [...x.shape, 1]), indices), this.logits, 0).sum(-1);
    return chosen.sub(logSumExp(this.logits, -1));
  }

  /** Gumbel-max sampling: the argmax of the logits plus Gumbel noise (Gumbel 1954). */
  sample(sampleShape: Shape = []): Tensor {
    return argmax(this.logits.add(gumbelNoise([...sampleShape, ...this.logits.shape], this.logits.dtype)), -1);
  }
  rsample(): never {
    return unavailable("Categorical.rsample", "a class index has no derivative", "sample, or RelaxedCategorical");
  }

  entropy(): Tensor {
    const { probs } = this;
    // p log p is 0 where p is.
    const logits = where(greater(probs, 0), this.logits, 0);
    return logSumExp(this.logits, -1).sub(probs.mul(logits).sum(-1));
  }
}
