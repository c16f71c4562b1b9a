import { constant, type Tensor, Variable } from "../graph/tensor.ts";
import type { Context } from "../nn/context.ts";
import { perChannel } from "../nn/conv.ts";
import { maximum, log, square } from "../ops/arithmetic.ts";
import { equal, where } from "../ops/comparison.ts";
import { exp, stopGradient } from "../ops/elementwise.ts";
import { reshape } from "../ops/movement.ts";
import { mean, sum } from "../ops/reduction.ts";
import type { Bijector, Mapped } from "./bijector.ts";

/** Below any variance of a channel that has one. */
const leastVariance = 1e-6;

/**
 * A learned scale and shift of each channel, which start where the first training batch comes out with mean 0 and variance 1 (Kingma & Dhariwal
 * 2018, arXiv:1807.03039, section 3.1):
 *
 *   z = (x + b) exp(s),     log |det dz/dx| = (values of a channel) sum s
 *
 * b and s are an origin, which that batch sets, and how far a gradient has moved it: the first step is already one of the normalized flow.
 */
export class ActNorm implements Bijector {
  /** Whether a batch has set the origin: 0 or 1. */
  readonly started: Variable;
  /** [channels]. */
  readonly originOfShift: Variable;
  /** [channels]. */
  readonly originOfLogScale: Variable;
  /** [channels]. */
  readonly shift: Variable;
  /** [channels]. */
  readonly logScale: Variable;

  constructor(channels: number) {
    const zero = { kind: "constant", value: 0 } as const;
    this.started = new Variable([], zero, { trainable: false });
    this.originOfShift = new Variable([channels], zero, { trainable: false });
    this.originOfLogScale = new Variable([channels], zero, { trainable: false });
    this.shift = new Variable([channels], zero);
    this.logScale = new Variable([channels], zero);
  }

  /** Of x [batch, channels, ...]. */
  toLatent(x: Tensor, context: Context): Mapped {
    const origin = context.training ? this.#startedBy(x, context) : this.#kept;
    const [b, s] = [origin.shift.add(this.shift), origin.logScale.add(this.logScale)];
    const [batch, channels] = x.shape as readonly [number, number];
    const logDet = sum(s).mul(x.size / batch / channels);
    return { z: x.add(perChannel(b, x)).mul(perChannel(exp(s), x)), logDet: logDet.broadcastTo([batch]) };
  }

  toData(z: Tensor): Tensor {
    const { shift, logScale } = this.#kept;
    const [b, s] = [shift.add(this.shift), logScale.add(this.logScale)];
    return z.mul(perChannel(exp(s.neg()), z)).sub(perChannel(b, z));
  }

  get #kept(): Origin {
    return { shift: this.originOfShift, logScale: this.originOfLogScale };
  }

  /** The origin, from this batch if it is the first. */
  #startedBy(x: Tensor, context: Context): Origin {
    const axes = x.shape.flatMap((_, axis) => (axis === 1 ? [] : [axis]));
    const fixed = stopGradient(x);
    const center = mean(fixed, axes, true);
    const variance = reshape(mean(square(fixed.sub(center)), axes), [x.shape[1]!]);
    const unstarted = equal(this.started, 0);
    const { shift, logScale } = this.#kept;
    const origin = {
      shift: where(unstarted, reshape(center, shift.shape).neg(), shift),
      logScale: where(unstarted, log(maximum(variance, leastVariance)).mul(-0.5), logScale),
    };
    context.update(this.originOfShift, origin.shift);
    context.update(this.originOfLogScale, origin.logScale);
    context.update(this.started, constant(1));
    return origin;
  }
}

interface Origin {
  readonly shift: Tensor;
  readonly logScale: Tensor;
}
