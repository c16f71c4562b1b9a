import { ConfigError } from "../errors.ts";
import { type Tensor, Variable } from "../graph/tensor.ts";
import { mean, reciprocal, reshape, sqrt, square } from "../ops/index.ts";
import type { Context } from "./context.ts";
import { perChannel } from "./conv.ts";

const gainOf = (dim: number): Variable => new Variable([dim], { kind: "constant", value: 1 });
const biasOf = (dim: number): Variable => new Variable([dim], { kind: "constant", value: 0 });

/** (x - mean) / sqrt(variance + eps). */
const standardize = (centered: Tensor, variance: Tensor, eps: number): Tensor =>
  centered.mul(reciprocal(sqrt(variance.add(eps))));

/** Mean 0 and variance 1 over the last axis, then a learned gain and bias (arXiv:1607.06450). */
export class LayerNorm {
  /** [dim]. */
  readonly gain: Variable;
  /** [dim]. */
  readonly bias: Variable;
  readonly eps: number;

  constructor(dim: number, eps = 1e-5) {
    this.gain = gainOf(dim);
    this.bias = biasOf(dim);
    this.eps = eps;
  }

  apply(x: Tensor): Tensor {
    const centered = x.sub(mean(x, -1, true));
    return standardize(centered, mean(square(centered), -1, true), this.eps)
      .mul(this.gain)
      .add(this.bias);
  }
}

/** Mean 0 and variance 1 over each example's groups of channels, x [batch, channels, ...], then a learned gain and bias (arXiv:1803.08494). */
export class GroupNorm {
  /** [channels]. */
  readonly gain: Variable;
  /** [channels]. */
  readonly bias: Variable;
  readonly groups: number;
  readonly eps: number;

  constructor(groups: number, channels: number, eps = 1e-5) {
    if (!Number.isInteger(channels / groups))
      throw new ConfigError(
        `GroupNorm: got ${groups} groups of ${channels} channels, expected a divisor of ${channels}`,
      );
    this.gain = gainOf(channels);
    this.bias = biasOf(channels);
    this.groups = groups;
    this.eps = eps;
  }

  apply(x: Tensor): Tensor {
    const grouped = reshape(x, [x.shape[0]!, this.groups, -1]);
    const centered = grouped.sub(mean(grouped, -1, true));
    const standard = standardize(centered, mean(square(centered), -1, true), this.eps);
    return reshape(standard, x.shape).mul(perChannel(this.gain, x)).add(perChannel(this.bias, x));
  }
}

/**
 * Mean 0 and variance 1 of each channel of x [batch, channels, ...], then a learned gain and bias (arXiv:1502.03167). Training uses
 * the batch's own statistics and moves the running ones towards them, the variance with the n / (n - 1) that unbiases it;
 * evaluation uses the running ones.
 *
 * @example
 * const norm = new BatchNorm(32);
 * norm.apply(new Input("x", [64, 32, 7, 7]), new TrainingContext()).shape; // [64, 32, 7, 7]
 */
export class BatchNorm {
  /** [channels]. */
  readonly gain: Variable;
  /** [channels]. */
  readonly bias: Variable;
  /** [channels]. */
  readonly runningMean: Variable;
  /** [channels]. */
  readonly runningVariance: Variable;
  readonly momentum: number;
  readonly eps: number;

  /** `momentum` is the weight of the newest batch in the running statistics. */
  constructor(channels: number, { momentum = 0.1, eps = 1e-5 } = {}) {
    this.gain = gainOf(channels);
    this.bias = biasOf(channels);
    this.runningMean = new Variable([channels], { kind: "constant", value: 0 }, { trainable: false });
    this.runningVariance = new Variable([channels], { kind: "constant", value: 1 }, { trainable: false });
    this.momentum = momentum;
    this.eps = eps;
  }

  apply(x: Tensor, context: Context): Tensor {
    const channels = x.shape[1]!;
    const axes = x.shape.flatMap((_, axis) => (axis === 1 ? [] : [axis]));
    let centered: Tensor;
    let variance: Tensor;
    if (context.training) {
      const batchMean = mean(x, axes, true);
      centered = x.sub(batchMean);
      variance = mean(square(centered), axes, true);
      const count = x.size / channels;
      this.#move(context, this.runningMean, batchMean);
      this.#move(context, this.runningVariance, variance.mul(count / Math.max(1, count - 1)));
    } else {
      centered = x.sub(perChannel(this.runningMean, x));
      variance = perChannel(this.runningVariance, x);
    }
    return standardize(centered, variance, this.eps).mul(perChannel(this.gain, x)).add(perChannel(this.bias, x));
  }

  #move(context: Context, running: Variable, batch: Tensor): void {
    const kept = running.mul(1 - this.momentum);
    context.update(running, kept.add(reshape(batch, running.shape).mul(this.momentum)));
  }
}
