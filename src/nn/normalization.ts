import { ConfigError } from "../errors.ts";
import { type Tensor, Variable } from "../graph/tensor.ts";
import { maximum, mean, reciprocal, reshape, sqrt, square } from "../ops/index.ts";
import type { Context } from "./context.ts";
import { perChannel } from "./conv.ts";

const gainOf = (dim: number): Variable => new Variable([dim], { kind: "constant", value: 1 });
const biasOf = (dim: number): Variable => new Variable([dim], { kind: "constant", value: 0 });

/** Mean and variance, per channel or group of channels. */
interface Moments {
  readonly mean: Tensor;
  readonly variance: Tensor;
}

/** E[x^2] - E[x]^2: one pass over x less than by deviations. In float32 its relative error is 1e-7 (1 + mean^2 / variance) or so. */
const varianceOf = (meanOfSquares: Tensor, meanOf: Tensor): Tensor => maximum(meanOfSquares.sub(square(meanOf)), 0);

/** The a and b of (x - mean) / sqrt(variance + eps) gain + bias = a x + b, all small: x itself is passed over once or twice. */
function affine({ mean: m, variance }: Moments, gain: Tensor, bias: Tensor, eps: number): { a: Tensor; b: Tensor } {
  const a = gain.mul(reciprocal(sqrt(variance.add(eps))));
  return { a, b: bias.sub(m.mul(a)) };
}

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
    const deviation = sqrt(mean(square(centered), -1, true).add(this.eps));
    return centered.mul(reciprocal(deviation)).mul(this.gain).add(this.bias);
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
    const [n, channels] = x.shape as readonly [number, number, ...number[]];
    const space = x.shape.slice(2).map((_, i) => i + 2);
    const grouped = [this.groups, channels / this.groups];
    const average = (t: Tensor): Tensor => mean(reshape(mean(t, space), [n, ...grouped]), 2, true);
    const m = average(x);
    const moments = { mean: m, variance: varianceOf(average(square(x)), m) };
    const { a, b } = affine(moments, reshape(this.gain, grouped), reshape(this.bias, grouped), this.eps);
    const perExample = [n, channels, ...space.map(() => 1)];
    return x.mul(reshape(a, perExample)).add(reshape(b, perExample));
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
    const axes = x.shape.flatMap((_, axis) => (axis === 1 ? [] : [axis]));
    const moments = context.training
      ? this.#ofBatch(x, axes, context)
      : { mean: perChannel(this.runningMean, x), variance: perChannel(this.runningVariance, x) };
    const { a, b } = affine(moments, perChannel(this.gain, x), perChannel(this.bias, x), this.eps);
    return x.mul(a).add(b);
  }

  #ofBatch(x: Tensor, axes: readonly number[], context: Context): Moments {
    const m = mean(x, axes, true);
    const variance = varianceOf(mean(square(x), axes, true), m);
    const count = x.size / x.shape[1]!;
    this.#move(context, this.runningMean, m);
    this.#move(context, this.runningVariance, variance.mul(count / Math.max(1, count - 1)));
    return { mean: m, variance };
  }

  #move(context: Context, running: Variable, batch: Tensor): void {
    const kept = running.mul(1 - this.momentum);
    context.update(running, kept.add(reshape(batch, running.shape).mul(this.momentum)));
  }
}
