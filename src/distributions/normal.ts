import { broadcastShapes, type Shape } from "../graph/shape.ts";
import type { Operand, Tensor } from "../graph/tensor.ts";
import { exp, log, reciprocal, sqrt, square, stopGradient } from "../ops/index.ts";
import { type Distribution, liftPair } from "./distribution.ts";
import { normalNoise } from "./noise.ts";

/** Scale of a Normal: a standard deviation, a log-variance or a variance. */
export type NormalScale = Operand | { readonly logVar: Operand } | { readonly variance: Operand };

/**
 * Gaussian, elementwise.
 *
 *   log N(x; mean, std^2) = -1/2 ((x - mean)^2 / std^2 + log std^2 + log 2 pi)
 *
 * `new Normal(mean, std)`, `new Normal(mean, { logVar })` or `new Normal(mean, { variance })`: the other forms are derived without taking the
 * logarithm of an exponential.
 *
 * @example
 * const p = new Normal(0, 1);
 * evaluate([p.logProb(constant(0))])[0]!.data[0]!.toFixed(4); // "-0.9189"
 */
export class Normal implements Distribution {
  readonly name = "Normal";
  readonly eventRank = 0;
  readonly shape: Shape;
  readonly mean: Tensor;
  readonly std: Tensor;
  readonly variance: Tensor;
  readonly logVar: Tensor;
  /** 1 / variance. */
  readonly precision: Tensor;

  constructor(mean: Operand, scale: NormalScale) {
    if (typeof scale === "object" && "logVar" in scale) {
      [this.mean, this.logVar] = liftPair(mean, scale.logVar);
      this.std = exp(this.logVar.mul(0.5));
      this.variance = exp(this.logVar);
      this.precision = exp(this.logVar.neg());
    } else if (typeof scale === "object" && "variance" in scale) {
      [this.mean, this.variance] = liftPair(mean, scale.variance);
      this.std = sqrt(this.variance);
      this.logVar = log(this.variance);
      this.precision = reciprocal(this.variance);
    } else {
      [this.mean, this.std] = liftPair(mean, scale);
      this.variance = square(this.std);
      this.logVar = log(this.std).mul(2);
      this.precision = reciprocal(this.variance);
    }
    this.shape = broadcastShapes("Normal", this.mean.shape, this.std.shape);
  }

  logProb(x: Tensor): Tensor {
    const squaredDistance = square(x.sub(this.mean)).mul(this.precision);
    return squaredDistance.add(this.logVar.add(Math.log(2 * Math.PI))).mul(-0.5);
  }

  /** Reparameterization: mean + std * noise (arXiv:1312.6114, section 2.4). */
  rsample(sampleShape: Shape = []): Tensor {
    return normalNoise([...sampleShape, ...this.shape], this.mean.dtype)
      .mul(this.std)
      .add(this.mean);
  }
  sample(sampleShape: Shape = []): Tensor {
    return stopGradient(this.rsample(sampleShape));
  }

  entropy(): Tensor {
    return this.logVar
      .add(1 + Math.log(2 * Math.PI))
      .mul(0.5)
      .broadcastTo(this.shape);
  }
}
