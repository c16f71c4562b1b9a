import { ConfigError } from "../errors.ts";
import type { Tensor } from "../graph/tensor.ts";
import { type ActivationName, activations, initializationFor } from "./activation.ts";
import type { Context } from "./context.ts";
import { Conv } from "./conv.ts";
import { heNormal, zeros } from "./initializers.ts";
import { Linear } from "./linear.ts";
import { relu, sigmoid } from "../ops/elementwise.ts";
import { reshape } from "../ops/movement.ts";
import { mean } from "../ops/reduction.ts";

/** A normalization or any other map that keeps the shape. */
export interface Layer {
  apply(x: Tensor, context: Context): Tensor;
}

export interface ResidualBlockOptions {
  readonly inChannels: number;
  readonly outChannels: number;
  /** Odd, so that sizes are kept. */
  readonly kernel?: readonly number[];
  readonly stride?: number;
  readonly activation?: ActivationName;
  /** Whether conv2 starts at 0, so that the block is the identity at first (arXiv:1901.09321): for stacks without normalization. */
  readonly zeroLast?: boolean;
  /** Makes the normalization of so many channels, such as `(c) => new GroupNorm(8, c)`; none when left out. */
  readonly normalization?: (channels: number) => Layer;
}

/**
 * Pre-activation residual block (arXiv:1603.05027, figure 4e), x [batch, in, ...size]:
 *
 *   h = activate(normalize(x)),  y = x + conv2(activate(normalize(conv1(h))))
 *
 * Where channels or stride change, a 1x1 convolution of h takes the place of x in the sum.
 */
export class ResidualBlock {
  readonly normalization1?: Layer;
  readonly conv1: Conv;
  readonly normalization2?: Layer;
  readonly conv2: Conv;
  readonly shortcut?: Conv;
  readonly activation: ActivationName;

  constructor(options: ResidualBlockOptions) {
    const { inChannels, outChannels, kernel = [3, 3], stride = 1, activation = "relu" } = options;
    const { normalization, zeroLast = false } = options;
    if (kernel.some((k) => k % 2 !== 1))
      throw new ConfigError(`ResidualBlock: sizes must be kept, got kernel [${kernel}], expected odd numbers`);
    const padding = kernel.map((k) => (k - 1) / 2);
    const weight = initializationFor(activation);
    this.activation = activation;
    if (normalization) {
      this.normalization1 = normalization(inChannels);
      this.normalization2 = normalization(outChannels);
    }
    this.conv1 = new Conv(inChannels, outChannels, kernel, { stride, padding, weight });
    this.conv2 = new Conv(outChannels, outChannels, kernel, { padding, weight: zeroLast ? zeros : weight });
    if (inChannels !== outChannels || stride !== 1) {
      const single = kernel.map(() => 1);
      this.shortcut = new Conv(inChannels, outChannels, single, { stride, bias: false });
    }
  }

  apply(x: Tensor, context: Context): Tensor {
    const activate = activations[this.activation];
    const h = activate(this.normalization1?.apply(x, context) ?? x);
    const middle = this.conv1.apply(h);
    const branch = this.conv2.apply(activate(this.normalization2?.apply(middle, context) ?? middle));
    return (this.shortcut?.apply(h) ?? x).add(branch);
  }
}

/**
 * Squeeze-and-excitation (Hu et al. 2018, arXiv:1709.01507, eqs. 2 to 4): each channel of x [batch, channels, ...] times a gate between 0 and 1,
 * which two layers make of the channels' means.
 */
export class SqueezeExcite {
  readonly squeeze: Linear;
  readonly excite: Linear;

  /** `reduction`: how many channels share one hidden unit. */
  constructor(channels: number, reduction = 16) {
    const hidden = Math.max(4, Math.floor(channels / reduction));
    this.squeeze = new Linear(channels, hidden, { weight: heNormal });
    this.excite = new Linear(hidden, channels);
  }

  apply(x: Tensor): Tensor {
    const space = x.shape.slice(2).map((_, i) => i + 2);
    const gates = sigmoid(this.excite.apply(relu(this.squeeze.apply(mean(x, space)))));
    return x.mul(reshape(gates, [...x.shape.slice(0, 2), ...space.map(() => 1)]));
  }
}
