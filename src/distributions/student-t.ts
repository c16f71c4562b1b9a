import { ConfigError } from "../errors.ts";
import { broadcastShapes, type Shape } from "../graph/shape.ts";
import type { Operand, Tensor } from "../graph/tensor.ts";
import { cos, exp, log, sqrt, square, stopGradient, tanh } from "../ops/index.ts";
import { type Distribution, liftPair, unavailable } from "./distribution.ts";
import { openUniformNoise, uniformNoise } from "./noise.ts";
import { digamma, logGamma } from "./gamma.ts";

/**
 * Student's t with fixed degrees of freedom v, elementwise, at z = (x - location) / scale.
 *
 *   log p(x) = -(v+1)/2 log(1 + z^2 / v) - log scale + log Gamma((v+1)/2) - log Gamma(v/2) - 1/2 log(v pi)
 */
export class StudentT implements Distribution {
  readonly name = "StudentT";
  readonly eventRank = 0;
  readonly shape: Shape;
  readonly df: number;
  readonly location: Tensor;
  readonly scale: Tensor;

  constructor(df: number, location: Operand, scale: Operand) {
    if (!(df > 0 && df < Infinity))
      throw new ConfigError(`StudentT: degrees of freedom out of range, got ${df}, expected a number above 0`);
    this.df = df;
    [this.location, this.scale] = liftPair(location, scale);
    this.shape = broadcastShapes("StudentT", this.location.shape, this.scale.shape);
  }

  get mean(): Tensor {
    if (this.df <= 1) return unavailable("StudentT.mean", `got ${this.df} degrees of freedom`, "more than 1");
    return this.location;
  }
  get variance(): Tensor {
    if (this.df <= 2) return unavailable("StudentT.variance", `got ${this.df} degrees of freedom`, "more than 2");
    return square(this.scale).mul(this.df / (this.df - 2));
  }

  logProb(x: Tensor): Tensor {
    const v = this.df;
    const z = x.sub(this.location).div(this.scale);
    const logNormalizer = logGamma(v / 2) - logGamma((v + 1) / 2) + 0.5 * Math.log(v * Math.PI);
    return log(square(z).div(v).add(1))
      .mul(-(v + 1) / 2)
      .sub(log(this.scale).add(logNormalizer));
  }

  /** sqrt(v (u^(-2/v) - 1)) cos(2 pi w), u and w uniform (Bailey, "Polar generation of random variates", 1994). */
  rsample(sampleShape: Shape = []): Tensor {
    const shape = [...sampleShape, ...this.shape];
    const { dtype } = this.location;
    const exponent = log(openUniformNoise(shape, dtype)).mul(-2 / this.df);
    // e^a - 1 = tanh(a / 2) (e^a + 1): near 0, where there are many degrees of freedom, the difference has no digits left.
    const squaredRadius = tanh(exponent.mul(0.5)).mul(exp(exponent).add(1)).mul(this.df);
    const angle = uniformNoise(shape, dtype).mul(2 * Math.PI);
    return sqrt(squaredRadius).mul(cos(angle)).mul(this.scale).add(this.location);
  }
  sample(sampleShape: Shape = []): Tensor {
    return stopGradient(this.rsample(sampleShape));
  }

  entropy(): Tensor {
    const v = this.df;
    const standard =
      ((v + 1) / 2) * (digamma((v + 1) / 2) - digamma(v / 2)) +
      0.5 * Math.log(v * Math.PI) +
      logGamma(v / 2) -
      logGamma((v + 1) / 2);
    return log(this.scale).add(standard).broadcastTo(this.shape);
  }
}
