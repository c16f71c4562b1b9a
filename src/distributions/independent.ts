import { ShapeError } from "../errors.ts";
import type { Tensor } from "../graph/tensor.ts";
import { sum } from "../ops/index.ts";
import { Derived } from "./derived.ts";
import type { Distribution } from "./distribution.ts";

/**
 * Reinterprets trailing batch axes as one event of independent elements: log p(x) = sum_i log p(x_i).
 * Mean, variance and samples are the base's; log-probabilities and entropies are summed over the event axes.
 */
export class Independent<D extends Distribution = Distribution> extends Derived<D> {
  /** Number of batch axes that become event axes. */
  readonly axes: number;

  constructor(base: D, axes: number) {
    super(base);
    if (!Number.isInteger(axes) || axes < 0)
      throw new ShapeError(`independent: got ${axes} event axes, expected a non-negative integer`);
    this.axes = axes;
  }

  override get name(): string {
    return `Independent ${this.base.name}`;
  }
  override get eventRank(): number {
    return this.base.eventRank + this.axes;
  }
  logProb(x: Tensor): Tensor {
    return sumLastAxes(this.base.logProb(x), this.axes);
  }
  override entropy(): Tensor {
    return sumLastAxes(this.base.entropy(), this.axes);
  }
}

/**
 * A distribution with its last `axes` batch axes as event axes, over which log-probabilities, entropies and divergences are summed.
 *
 * @example
 * const p = independent(new Normal(constant(0).broadcastTo([16, 10]), 1), 1);
 * p.logProb(constant(0).broadcastTo([16, 10])).shape; // [16]
 */
export const independent = <D extends Distribution>(base: D, axes: number): Independent<D> =>
  new Independent(base, axes);

/** x summed over its last `count` axes. */
export function sumLastAxes(x: Tensor, count: number): Tensor {
  if (count > x.rank)
    throw new ShapeError(`independent: got ${count} event axes for shape [${x.shape}], expected at most ${x.rank}`);
  return count === 0
    ? x
    : sum(
        x,
        Array.from({ length: count }, (_, i) => x.rank - count + i),
      );
}
