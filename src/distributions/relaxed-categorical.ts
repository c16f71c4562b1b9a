import type { Shape } from "../graph/shape.ts";
import type { Operand, Tensor } from "../graph/tensor.ts";
import { log, logSumExp, softmax, stopGradient } from "../ops/index.ts";
import { type Distribution, liftPair, unavailable } from "./distribution.ts";
import { gumbelNoise } from "./noise.ts";
import { logGamma } from "./gamma.ts";

/**
 * Gumbel-softmax, or Concrete: points of the simplex [..., k] that approach one-hot vectors as the temperature goes to 0
 * (arXiv:1611.01144; density: arXiv:1611.00712, eq. 10).
 *
 *   x = softmax((logits + g) / temperature),  g ~ Gumbel(0, 1)
 *   log p(x) = log (k-1)! + (k-1) log temperature + sum_i (logits_i - (temperature + 1) log x_i)
 *              - k logSumExp_i(logits_i - temperature log x_i)
 */
export class RelaxedCategorical implements Distribution {
  readonly name = "RelaxedCategorical";
  readonly eventRank = 1;
  readonly logits: Tensor;
  readonly temperature: Tensor;

  constructor(logits: Tensor, temperature: Operand) {
    [this.logits, this.temperature] = liftPair(logits, temperature);
  }

  get shape(): Shape {
    return this.logits.shape;
  }
  get mean(): never {
    return unavailable("RelaxedCategorical.mean", "it has no closed form", "an average of samples");
  }
  get variance(): never {
    return unavailable("RelaxedCategorical.variance", "it has no closed form", "an average over samples");
  }

  logProb(x: Tensor): Tensor {
    const k = this.logits.shape.at(-1)!;
    const logX = log(x);
    const tilted = this.logits.sub(logX.mul(this.temperature));
    return tilted
      .sub(logX)
      .sum(-1)
      .sub(logSumExp(tilted, -1).mul(k))
      .add(
        log(this.temperature)
          .mul(k - 1)
          .add(logGamma(k)),
      );
  }

  rsample(sampleShape: Shape = []): Tensor {
    const gumbel = gumbelNoise([...sampleShape, ...this.shape], this.logits.dtype);
    return softmax(this.logits.add(gumbel).div(this.temperature));
  }
  sample(sampleShape: Shape = []): Tensor {
    return stopGradient(this.rsample(sampleShape));
  }

  entropy(): never {
    return unavailable("RelaxedCategorical.entropy", "it has no closed form", "the mean of -logProb over samples");
  }
}
