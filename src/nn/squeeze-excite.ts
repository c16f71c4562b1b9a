import type { Tensor } from "../graph/tensor.ts";
import { relu, sigmoid } from "../ops/elementwise.ts";
import { reshape } from "../ops/movement.ts";
import { mean } from "../ops/reduction.ts";
import { heNormal } from "./initializers.ts";
import { Linear } from "./linear.ts";

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
