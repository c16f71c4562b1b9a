import type { Tensor } from "../graph/tensor.ts";
import { clamp, round } from "../ops/index.ts";
import { Derived } from "./derived.ts";
import type { Grid } from "./discretized-logistic.ts";
import type { Distribution } from "./distribution.ts";

/** A distribution over the points of a grid that rounds values to the nearest point, so that data need not lie on the grid. */
export class Quantized<D extends Distribution = Distribution> extends Derived<D> {
  readonly grid: Grid;

  constructor(base: D, grid: Grid) {
    super(base);
    this.grid = grid;
  }

  logProb(x: Tensor): Tensor {
    const { low, high, bins } = this.grid;
    const width = (high - low) / (bins - 1);
    const index = clamp(round(x.sub(low).div(width)), 0, bins - 1);
    return this.base.logProb(index.mul(width).add(low));
  }
}
