import type { Shape } from "../graph/shape.ts";
import type { Tensor } from "../graph/tensor.ts";
import { clamp, round } from "../ops/index.ts";
import type { Grid } from "./discretized-logistic.ts";
import type { Distribution } from "./distribution.ts";

/** A distribution over the points of a grid that takes any value as the nearest of them, so that data need not lie on it. */
export class Quantized<D extends Distribution = Distribution> implements Distribution {
  readonly base: D;
  readonly grid: Grid;

  constructor(base: D, grid: Grid) {
    this.base = base;
    this.grid = grid;
  }

  get name(): string {
    return this.base.name;
  }
  get eventRank(): number {
    return this.base.eventRank;
  }
  get shape(): Shape {
    return this.base.shape;
  }
  get mean(): Tensor {
    return this.base.mean;
  }
  get variance(): Tensor {
    return this.base.variance;
  }
  logProb(x: Tensor): Tensor {
    const { low, high, bins } = this.grid;
    const width = (high - low) / (bins - 1);
    const index = clamp(round(x.sub(low).div(width)), 0, bins - 1);
    return this.base.logProb(index.mul(width).add(low));
  }
  sample(sampleShape: Shape = []): Tensor {
    return this.base.sample(sampleShape);
  }
  rsample(sampleShape: Shape = []): Tensor {
    return this.base.rsample(sampleShape);
  }
  entropy(): Tensor {
    return this.base.entropy();
  }
}
