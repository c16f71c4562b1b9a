import type { Shape } from "../graph/shape.ts";
import { constant, type Tensor } from "../graph/tensor.ts";
import { cast, clamp, round, square } from "../ops/index.ts";
import { Categorical } from "./categorical.ts";
import type { Grid } from "./discretized-logistic.ts";
import { type Distribution, unavailable } from "./distribution.ts";

/**
 * Categorical over `bins` evenly spaced values, elementwise, given logits [..., bins], such as the 256 values of a byte (van den Oord et al. 2016,
 * arXiv:1601.06759). Other values are rounded to the nearest.
 */
export class GridCategorical implements Distribution {
  readonly name = "GridCategorical";
  readonly eventRank = 0;
  readonly index: Categorical;
  readonly grid: Omit<Grid, "bins">;

  constructor(logits: Tensor, grid: Omit<Grid, "bins">) {
    this.index = new Categorical(logits);
    this.grid = grid;
  }

  get shape(): Shape {
    return this.index.shape;
  }
  /** Distance between neighboring values. */
  get width(): number {
    return (this.grid.high - this.grid.low) / (this.index.classes - 1);
  }
  get mean(): Tensor {
    return this.index.probs.mul(this.#points()).sum(-1);
  }
  get variance(): Tensor {
    const { mean } = this;
    const offset = this.#points().sub(mean.reshape([...mean.shape, 1]));
    return this.index.probs.mul(square(offset)).sum(-1);
  }

  logProb(x: Tensor): Tensor {
    const nearest = round(x.sub(this.grid.low).div(this.width));
    return this.index.logProb(cast(clamp(nearest, 0, this.index.classes - 1), "int64"));
  }

  sample(sampleShape: Shape = []): Tensor {
    return cast(this.index.sample(sampleShape), this.index.logits.dtype).mul(this.width).add(this.grid.low);
  }
  rsample(): never {
    return unavailable("GridCategorical.rsample", "a choice of values has no derivative", "sample");
  }

  entropy(): Tensor {
    return this.index.entropy();
  }

  #points(): Tensor {
    const { classes, logits } = this.index;
    const points = Array.from({ length: classes }, (_, i) => this.grid.low + i * this.width);
    return constant(points, [classes], logits.dtype);
  }
}
