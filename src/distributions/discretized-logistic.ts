import { ConfigError } from "../errors.ts";
import { broadcastShapes, type Shape } from "../graph/shape.ts";
import type { Operand, Tensor } from "../graph/tensor.ts";
import {
  and,
  clamp,
  exp,
  greater,
  less,
  log,
  maximum,
  round,
  sigmoid,
  softplus,
  square,
  stopGradient,
  tanh,
  where,
} from "../ops/index.ts";
import { type Distribution, liftPair, unavailable } from "./distribution.ts";
import { logisticNoise } from "./noise.ts";

/** `bins` evenly spaced values from low to high. */
export interface Grid {
  readonly low: number;
  readonly high: number;
  readonly bins: number;
}

/**
 * Discretized logistic: a logistic rounded to the nearest point of a grid, elementwise (PixelCNN++, arXiv:1701.05517, eq. 2). The first and last
 * points include the tails. The default grid is 256 values in [-1, 1].
 *
 *   P(x) = sigmoid(b) - sigmoid(a),  b, a = (x +- width/2 - mean) / scale,  b = infinity and a = -infinity at the two ends
 *   log P(x) = -softplus(-b) - softplus(a) + log(1 - e^(a - b))
 *
 * The second form is exact: it takes no difference of nearly equal numbers, however far x lies in a tail, and a - b depends on the scale only.
 */
export class DiscretizedLogistic implements Distribution {
  readonly name = "DiscretizedLogistic";
  readonly eventRank = 0;
  readonly shape: Shape;
  readonly location: Tensor;
  readonly logScale: Tensor;
  readonly grid: Grid;

  /** `location` and `logScale` are of the logistic before rounding. */
  constructor(location: Operand, logScale: Operand, grid: Grid = { low: -1, high: 1, bins: 256 }) {
    if (!(grid.low < grid.high && Number.isInteger(grid.bins) && grid.bins >= 2))
      throw new ConfigError(
        `DiscretizedLogistic: got ${grid.bins} bins from ${grid.low} to ${grid.high}, expected 2 or more from low to high, low < high`,
      );
    [this.location, this.logScale] = liftPair(location, logScale);
    this.shape = broadcastShapes("DiscretizedLogistic", this.location.shape, this.logScale.shape);
    this.grid = grid;
  }

  /** Distance between neighboring grid points. */
  get width(): number {
    return (this.grid.high - this.grid.low) / (this.grid.bins - 1);
  }

  /** Exact, over all grid points: low + width sum_i P(x > point i). */
  get mean(): Tensor {
    return this.#tails()
      .reduce((total, tail) => total.add(tail))
      .mul(this.width)
      .add(this.grid.low);
  }
  /** Exact, over all grid points. */
  get variance(): Tensor {
    const { mean } = this;
    return this.#probabilities()
      .map((p, i) => p.mul(square(mean.sub(this.grid.low + i * this.width))))
      .reduce((total, term) => total.add(term));
  }

  logProb(x: Tensor): Tensor {
    const inverseScale = exp(this.logScale.neg());
    const center = x.sub(this.location).mul(inverseScale);
    const half = inverseScale.mul(this.width / 2);
    const belowTop = less(x, this.grid.high - this.width / 2);
    const aboveBottom = greater(x, this.grid.low + this.width / 2);
    // log(1 - e^-2h) = log(2t / (1 + t)) with t = tanh h, without cancellation where h is small.
    const t = tanh(half);
    const inside = log(t.mul(2).div(t.add(1)));
    return where(and(belowTop, aboveBottom), inside, 0)
      .sub(where(belowTop, softplus(center.add(half).neg()), 0))
      .sub(where(aboveBottom, softplus(center.sub(half)), 0));
  }

  sample(sampleShape: Shape = []): Tensor {
    const { low, bins } = this.grid;
    const standard = logisticNoise([...sampleShape, ...this.shape], this.location.dtype);
    const y = standard.mul(exp(this.logScale)).add(this.location);
    const bin = clamp(round(y.sub(low).div(this.width)), 0, bins - 1);
    return stopGradient(bin.mul(this.width).add(low));
  }
  rsample(): never {
    return unavailable("DiscretizedLogistic.rsample", "a rounded sample has no derivative", "sample, or a Logistic");
  }

  /** Exact, over all grid points. */
  entropy(): Tensor {
    // Probabilities that underflow contribute 0.
    return this.#probabilities()
      .map((p) => p.mul(log(maximum(p, 1e-30))))
      .reduce((total, term) => total.add(term))
      .neg()
      .broadcastTo(this.shape);
  }

  /** P(x > point i) of all points but the last. One node per point and not one axis: a batch of images times 256 would not fit in memory. */
  #tails(): Tensor[] {
    const inverseScale = exp(this.logScale.neg());
    return Array.from({ length: this.grid.bins - 1 }, (_, i) =>
      sigmoid(this.location.sub(this.grid.low + (i + 0.5) * this.width).mul(inverseScale)),
    );
  }

  /** P(x = point i), accurate to the absolute precision of the dtype. */
  #probabilities(): Tensor[] {
    const tails = this.#tails();
    return Array.from({ length: this.grid.bins }, (_, i) => {
      if (i === 0) return tails[0]!.neg().add(1);
      return i === tails.length ? tails[i - 1]! : tails[i - 1]!.sub(tails[i]!);
    });
  }
}
