import type { Shape } from "../graph/shape.ts";
import { constant, type Tensor } from "../graph/tensor.ts";
import { stopGradient } from "../ops/index.ts";
import { type Distribution, unavailable } from "./distribution.ts";

/** A point mass, elementwise: the output of a deterministic encoder or decoder. It has no density. */
export class Delta implements Distribution {
  readonly name = "Delta";
  readonly eventRank = 0;
  readonly mean: Tensor;
  readonly variance: Tensor;

  constructor(point: Tensor) {
    this.mean = point;
    this.variance = constant(0, [], point.dtype);
  }

  get shape(): Shape {
    return this.mean.shape;
  }

  logProb(): never {
    return unavailable("Delta.logProb", "a point has no density", "a distribution with a density");
  }
  entropy(): never {
    return unavailable("Delta.entropy", "a point has no density", "a distribution with a density");
  }

  rsample(sampleShape: Shape = []): Tensor {
    return this.mean.broadcastTo([...sampleShape, ...this.shape]);
  }
  sample(sampleShape: Shape = []): Tensor {
    return stopGradient(this.rsample(sampleShape));
  }
}
