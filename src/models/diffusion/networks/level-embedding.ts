import type { Tensor } from "../../../graph/tensor.ts";
import type { Context } from "../../../nn/context.ts";
import { sinusoidalEmbedding } from "../../../nn/embedding.ts";
import { Linear } from "../../../nn/linear.ts";
import { silu } from "../../../ops/elementwise.ts";
import type { ConditionInput } from "./condition-input.ts";

/** F(z; level, condition), [n, ...shape] -> the same, or several of them one behind the other on the first axis. */
export interface DenoisingNetwork {
  /** `feature` [n] is the noise level, of the order of 1. */
  apply(z: Tensor, feature: Tensor, context: Context): Tensor;
}

/** Of sines and cosines; their slowest turns once in 2 pi 10^4 / SCALE. */
const [FREQUENCIES, SCALE] = [64, 1000];

/** The noise level and the condition as one vector, which every block of a network sees: [n] -> [n, dim]. */
export class LevelEmbedding {
  readonly first: Linear;
  readonly second: Linear;
  readonly condition?: Linear;
  readonly #given: ConditionInput;

  constructor(dim: number, given: ConditionInput) {
    this.first = new Linear(FREQUENCIES, dim);
    this.second = new Linear(dim, dim);
    this.#given = given;
    if (given.size > 0) this.condition = new Linear(given.size, dim, { bias: false });
  }

  apply(feature: Tensor, context: Context): Tensor {
    const level = this.second.apply(silu(this.first.apply(sinusoidalEmbedding(feature.mul(SCALE), FREQUENCIES))));
    if (!this.condition) return silu(level);
    return silu(level.add(this.condition.apply(this.#given.vector(context, feature.shape[0]!))));
  }
}
