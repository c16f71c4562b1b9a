import { broadcastShapes, type Shape } from "../graph/shape.ts";
import type { Operand, Tensor } from "../graph/tensor.ts";
import { log, softplus, square, stopGradient } from "../ops/index.ts";
import { type Distribution, liftPair } from "./distribution.ts";
import { logisticNoise } from "./noise.ts";

/**
 * Logistic, elementwise, with cdf sigmoid(z) at z = (x - mean) / scale.
 *
 *   log p(x) = -z - 2 softplus(-z) - log scale
 */
export class Logistic implements Distribution {
  readonly name = "Logistic";
  readonly eventRank = 0;
  readonly shape: Shape;
  readonly mean: Tensor;
  readonly scale: Tensor;

  constructor(mean: Operand, scale: Operand) {
    [this.mean, this.scale] = liftPair(mean, scale);
    this.shape = broadcastShapes("Logistic", this.mean.shape, this.scale.shape);
  }

  get variance(): Tensor {
    return square(this.scale).mul(Math.PI ** 2 / 3);
  }

  logProb(x: Tensor): Tensor {
    const z = x.sub(this.mean).div(this.scale);
    return softplus(z.neg()).mul(-2).sub(z).sub(log(this.scale));
  }

  rsample(sampleShape: Shape = []): Tensor {
    return logisticNoise([...sampleShape, ...this.shape], this.mean.dtype)
      .mul(this.scale)
      .add(this.mean);
  }
  sample(sampleShape: Shape = []): Tensor {
    return stopGradient(this.rsample(sampleShape));
  }

  entropy(): Tensor {
    return log(this.scale).add(2).broadcastTo(this.shape);
  }
}
