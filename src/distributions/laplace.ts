import { broadcastShapes, type Shape } from "../graph/shape.ts";
import type { Operand, Tensor } from "../graph/tensor.ts";
import { abs, log, minimum, square, stopGradient } from "../ops/index.ts";
import { type Distribution, liftPair } from "./distribution.ts";
import { openUniformNoise } from "./noise.ts";

/**
 * Laplace (double exponential), elementwise.
 *
 *   log p(x) = -|x - mean| / scale - log(2 scale)
 */
export class Laplace implements Distribution {
  readonly name = "Laplace";
  readonly eventRank = 0;
  readonly shape: Shape;
  readonly mean: Tensor;
  readonly scale: Tensor;

  constructor(mean: Operand, scale: Operand) {
    [this.mean, this.scale] = liftPair(mean, scale);
    this.shape = broadcastShapes("Laplace", this.mean.shape, this.scale.shape);
  }

  get variance(): Tensor {
    return square(this.scale).mul(2);
  }

  logProb(x: Tensor): Tensor {
    return abs(x.sub(this.mean))
      .div(this.scale)
      .add(log(this.scale.mul(2)))
      .neg();
  }

  /** By inversion: the inverse cdf is log 2u below the median and -log(2 - 2u) above, in units of the scale. */
  rsample(sampleShape: Shape = []): Tensor {
    const u = openUniformNoise([...sampleShape, ...this.shape], this.mean.dtype);
    const below = minimum(log(u.mul(2)), 0);
    const above = minimum(log(u.neg().add(1).mul(2)), 0);
    return below.sub(above).mul(this.scale).add(this.mean);
  }
  sample(sampleShape: Shape = []): Tensor {
    return stopGradient(this.rsample(sampleShape));
  }

  entropy(): Tensor {
    return log(this.scale.mul(2)).add(1).broadcastTo(this.shape);
  }
}
