import type { Tensor } from "../graph/tensor.ts";
import type { Context } from "../nn/context.ts";
import { abs, exp, greater, log, reshape, softplus, sqrt, square, sum, tanh, where } from "../ops/index.ts";
import type { Bijector, Mapped } from "./bijector.ts";
import { GivenParameters } from "./given-parameters.ts";

/** The largest |s|. */
const bound = 3;

/**
 * Radial bijector of vectors (Rezende & Mohamed 2015, arXiv:1505.05770, eq. 14): it expands or contracts around a point x_0,
 *
 *   z = x + beta (x - x_0) / (alpha + r),     r = |x - x_0|
 *
 *   log |det dz/dx| = (D - 1) log(1 + beta / (alpha + r)) + log(1 + alpha beta / (alpha + r)^2)
 *
 * It is invertible where beta > -alpha (appendix A.2): beta = alpha (e^s - 1) with s held within +-3 by a tanh. The distance of z from x_0 is
 * r (1 + beta / (alpha + r)), of which r is the positive root of a quadratic.
 */
export class Radial implements Bijector {
  readonly center: GivenParameters;
  readonly rawAlpha: GivenParameters;
  readonly rawScale: GivenParameters;

  /** `given`: length of the vector that examples are conditioned on, of which x_0, alpha and beta are then functions. */
  constructor(size: number, { given = 0 }: { readonly given?: number } = {}) {
    this.center = new GivenParameters(size, { std: 1, given });
    this.rawAlpha = new GivenParameters(1, { given });
    this.rawScale = new GivenParameters(1, { given });
  }

  toLatent(x: Tensor, _context: Context, given?: Tensor): Mapped {
    const { center, alpha, beta } = this.#parameters(given);
    const away = x.sub(center);
    const reach = distance(away).add(alpha);
    const stretch = beta.div(reach).add(1);
    const radial = alpha.mul(beta).div(square(reach)).add(1);
    const logDet = log(stretch)
      .mul(x.shape[1]! - 1)
      .add(log(radial));
    return { z: center.add(away.mul(stretch)), logDet: reshape(logDet, [-1]) };
  }

  toData(z: Tensor, _context: Context, given?: Tensor): Tensor {
    const { center, alpha, beta } = this.#parameters(given);
    const away = z.sub(center);
    const reached = distance(away);
    // r^2 + (alpha + beta - reached) r - alpha reached = 0
    const half = alpha.add(beta).sub(reached).mul(0.5);
    const root = sqrt(square(half).add(alpha.mul(reached)));
    // The form of the positive root in which nothing cancels.
    const r = where(greater(half, 0), alpha.mul(reached).div(root.add(abs(half))), root.add(abs(half)));
    return center.add(away.div(beta.div(r.add(alpha)).add(1)));
  }

  #parameters(given: Tensor | undefined): Readonly<Record<"center" | "alpha" | "beta", Tensor>> {
    const alpha = softplus(this.rawAlpha.of(given)).add(0.01);
    const scale = tanh(this.rawScale.of(given).div(bound)).mul(bound);
    return { center: this.center.of(given), alpha, beta: alpha.mul(exp(scale).sub(1)) };
  }
}

/** |x|, [batch, 1], with a derivative at 0. */
const distance = (x: Tensor): Tensor => sqrt(sum(square(x), 1, true).add(1e-12));
