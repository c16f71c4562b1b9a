import { broadcastShapes, type Shape } from "../graph/shape.ts";
import type { Operand, Tensor } from "../graph/tensor.ts";
import { and, greaterEqual, lessEqual, log, square, stopGradient, where } from "../ops/index.ts";
import { type Distribution, liftPair } from "./distribution.ts";
import { uniformNoise } from "./noise.ts";

/**
 * Uniform on [low, high], elementwise.
 *
 *   log p(x) = -log(high - low) on [low, high], -infinity elsewhere
 */
export class Uniform implements Distribution {
  readonly name = "Uniform";
  readonly eventRank = 0;
  readonly shape: Shape;
  readonly low: Tensor;
  readonly high: Tensor;

  constructor(low: Operand, high: Operand) {
    [this.low, this.high] = liftPair(low, high);
    this.shape = broadcastShapes("Uniform", this.low.shape, this.high.shape);
  }

  get mean(): Tensor {
    return this.low.add(this.high).mul(0.5);
  }
  get variance(): Tensor {
    return square(this.width).div(12);
  }
  get width(): Tensor {
    return this.high.sub(this.low);
  }

  logProb(x: Tensor): Tensor {
    const inside = and(greaterEqual(x, this.low), lessEqual(x, this.high));
    return where(inside, log(this.width).neg(), -Infinity);
  }

  rsample(sampleShape: Shape = []): Tensor {
    return uniformNoise([...sampleShape, ...this.shape], this.low.dtype)
      .mul(this.width)
      .add(this.low);
  }
  sample(sampleShape: Shape = []): Tensor {
    return stopGradient(this.rsample(sampleShape));
  }

  entropy(): Tensor {
    return log(this.width).broadcastTo(this.shape);
  }
}
