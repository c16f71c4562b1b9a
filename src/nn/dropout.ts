import { ConfigError } from "../errors.ts";
import { noise, type Tensor } from "../graph/tensor.ts";
import { cast, greaterEqual } from "../ops/index.ts";
import type { Context } from "./context.ts";

/** In training, each element is 0 with probability `rate` and x / (1 - rate) otherwise, so its mean stays x (arXiv:1207.0580). */
export class Dropout {
  readonly rate: number;

  constructor(rate: number) {
    if (!(rate >= 0 && rate < 1))
      throw new ConfigError(`Dropout: rate out of range, got ${rate}, expected 0 or more and less than 1`);
    this.rate = rate;
  }

  apply(x: Tensor, context: Context): Tensor {
    if (!context.training || this.rate === 0) return x;
    const kept = cast(greaterEqual(noise.uniform(x.shape), this.rate), x.dtype);
    return x.mul(kept).div(1 - this.rate);
  }
}
