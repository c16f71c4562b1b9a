import { constant, noise, type Tensor } from "../../graph/tensor.ts";
import { independent, Normal } from "../../distributions/index.ts";
import type { Context } from "../../nn/context.ts";
import { clamp } from "../../ops/arithmetic.ts";
import { floor, sigmoid, straightThrough } from "../../ops/elementwise.ts";
import { flatten } from "../../ops/movement.ts";
import { sum } from "../../ops/reduction.ts";
import { type Bijector, type Mapped, unchangedVolume } from "../bijector.ts";
import { logSigmoidSlope } from "./logit.ts";

/** q(u|x): noise that spreads each level over its cell. */
export interface LevelNoise {
  /** A sample of u in (0, 1), in the shape of x, and log q(u|x), [batch] in nats. */
  sample(x: Tensor, context: Context, given?: Tensor): { readonly u: Tensor; readonly logProb: Tensor };
}

/** u ~ U(0, 1), whatever x (Theis, van den Oord & Bethge 2016, arXiv:1511.01844, section 3.1). */
export const uniformNoise: LevelNoise = {
  sample: (x) => ({ u: noise.uniform(x.shape), logProb: unchangedVolume(x) }),
};

/**
 * Noise that a conditional flow makes (Ho et al. 2019, arXiv:1902.00275, section 3.1):
 *
 *   u = sigmoid(f(e; x)),   e ~ N(0, I),   log q(u|x) = log N(e; 0, I) - log |det du/de|
 *
 * `features` are what the networks of f are given of x.
 */
export class VariationalNoise implements LevelNoise {
  readonly flow: Bijector;
  readonly features: { apply(x: Tensor, context: Context, given?: Tensor): Tensor };

  constructor(flow: Bijector, features: VariationalNoise["features"]) {
    this.flow = flow;
    this.features = features;
  }

  sample(x: Tensor, context: Context, given?: Tensor): { readonly u: Tensor; readonly logProb: Tensor } {
    const e = noise.normal(x.shape);
    const { z, logDet } = this.flow.toLatent(e, context, this.features.apply(x, context, given));
    const logNormal = independent(new Normal(constant(0).broadcastTo(x.shape), 1), x.rank - 1).logProb(e);
    return { u: sigmoid(z), logProb: logNormal.sub(logDet).sub(sum(flatten(logSigmoidSlope(z)), 1)) };
  }
}

/**
 * Levels v = 0, ..., L - 1, given as x = v / (L - 1), spread over the interval from 0 to 1:
 *
 *   y = (v + u) / L,   u ~ q(u|x),   log P(x) >= E_q[log p(y) - D log L - log q(u|x)]
 *
 * of D values. It is a surjection (Nielsen et al. 2020, arXiv:2007.02731): where the others have log |det dz/dx|, it has a sample of what stands
 * beside log p(y), so that a flow which begins with it has a bound on the probability of levels; toData rounds down to them.
 */
export class Dequantize implements Bijector {
  readonly levels: number;
  readonly noise: LevelNoise;

  constructor(levels: number, noise: LevelNoise = uniformNoise) {
    this.levels = levels;
    this.noise = noise;
  }

  toLatent(x: Tensor, context: Context, given?: Tensor): Mapped {
    const { u, logProb } = this.noise.sample(x, context, given);
    const logCells = (x.size / x.shape[0]!) * Math.log(this.levels);
    return {
      z: x
        .mul(this.levels - 1)
        .add(u)
        .div(this.levels),
      logDet: logProb.neg().sub(logCells),
    };
  }

  toData(z: Tensor): Tensor {
    const last = this.levels - 1;
    const h = z.mul(this.levels);
    // Codes of given levels are found by descent.
    return clamp(straightThrough(floor(h), h), 0, last).div(last);
  }
}
