import type { Tensor } from "../../graph/tensor.ts";
import { log } from "../../ops/arithmetic.ts";
import { sigmoid, softplus } from "../../ops/elementwise.ts";
import { flatten } from "../../ops/movement.ts";
import { sum } from "../../ops/reduction.ts";
import type { Bijector, Mapped } from "../bijector.ts";

/**
 * Values from 0 to 1 as logits (Dinh, Sohl-Dickstein & Bengio 2016, arXiv:1605.08803, section 4.1):
 *
 *   z = logit(p) = log p - log(1 - p),     p = alpha + (1 - 2 alpha) x,     dz/dx = (1 - 2 alpha) / (p (1 - p))
 *
 * where `alpha` > 0 keeps those of 0 and 1 finite.
 */
export class Logit implements Bijector {
  readonly alpha: number;

  constructor(alpha: number) {
    this.alpha = alpha;
  }

  toLatent(x: Tensor): Mapped {
    const width = 1 - 2 * this.alpha;
    const p = x.mul(width).add(this.alpha);
    const [logP, logRest] = [log(p), log(p.neg().add(1))];
    const logSlopes = logP.add(logRest).neg().add(Math.log(width));
    return { z: logP.sub(logRest), logDet: sum(flatten(logSlopes), 1) };
  }

  toData(z: Tensor): Tensor {
    return sigmoid(z)
      .sub(this.alpha)
      .div(1 - 2 * this.alpha);
  }
}

/** log d sigmoid(h)/dh = -softplus(h) - softplus(-h), of each value. */
export const logSigmoidSlope = (h: Tensor): Tensor => softplus(h).add(softplus(h.neg())).neg();
