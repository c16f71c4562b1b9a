import { kl } from "../../distributions/kl.ts";
import { Normal } from "../../distributions/normal.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { square } from "../../ops/arithmetic.ts";
import { exp, sigmoid, softplus } from "../../ops/elementwise.ts";

/** q(z_l|x, above), and KL(q || p) of each element in nats. */
export interface Posterior {
  readonly q: Normal;
  readonly rate: Tensor;
}

/** What q(z_l|x, above) is made of: the recognition network's estimate and the prior p(z_l|above). */
export type PosteriorForm = (estimate: Normal, p: Normal) => Posterior;

export const posteriorNames = ["absolute", "combined", "residual"] as const;
export type PosteriorName = (typeof posteriorNames)[number];

const withRate = (q: Normal, p: Normal): Posterior => ({ q, rate: kl(q, p) });

/**
 * - `absolute`: q is the estimate itself (Child 2021, arXiv:2011.10650).
 * - `combined`: their product, whose precision is the sum of both and whose mean weighs each by its precision (Sonderby et al. 2016,
 *   arXiv:1602.02282, section 2.2):
 *
 *     1 / var = 1 / var_e + 1 / var_p,     mean = var (mean_e / var_e + mean_p / var_p)
 *
 * - `residual`: the estimate is relative to the prior (Vahdat & Kautz 2020, arXiv:2007.03898, section 3.2), with d and s its mean and std:
 *
 *     q = N(mean_p + d, (std_p s)^2),     KL(q || p) = 1/2 (d^2 / var_p + s^2 - log s^2 - 1)
 */
export const posteriorForms: Readonly<Record<PosteriorName, PosteriorForm>> = {
  absolute: withRate,
  combined(e, p) {
    // With u = logVar_e - logVar_p the estimate's weight is sigmoid(-u), and log var = logVar_e - softplus(u).
    const u = e.logVar.sub(p.logVar);
    const mean = p.mean.add(e.mean.sub(p.mean).mul(sigmoid(u.neg())));
    return withRate(new Normal(mean, { logVar: e.logVar.sub(softplus(u)) }), p);
  },
  residual({ mean: d, logVar }, p) {
    const q = new Normal(p.mean.add(d), { logVar: p.logVar.add(logVar) });
    return {
      q,
      rate: square(d)
        .mul(p.precision)
        .add(exp(logVar).sub(logVar.add(1)))
        .mul(0.5),
    };
  },
};
