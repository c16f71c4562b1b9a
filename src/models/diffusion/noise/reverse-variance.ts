import type { Tensor } from "../../../graph/tensor.ts";
import { log, square } from "../../../ops/arithmetic.ts";
import { exp } from "../../../ops/elementwise.ts";
import { type NoiseLevel, over } from "./noise-level.ts";

/** Logs of a variance's bounds, of the level's dtype and shape: scalars or [batch]. */
interface LogBounds {
  /** ln beta~, of q(y'|y, x): that of the step where x is known. */
  readonly posterior: Tensor;
  /** ln beta, of q(y|y'): that of the step where x ~ N(0, I). */
  readonly beta: Tensor;
}

/**
 * Bounds on the variance of the step from a level to one with less noise (Ho et al. 2020, arXiv:2006.11239, section 3.2; Nichol & Dhariwal 2021,
 * arXiv:2102.09672, section 3.1), between any two levels, where alpha^2 + sigma^2 = 1:
 *
 *   beta = 1 - alpha^2 / alpha'^2,  beta~ = sigma'^2 / sigma^2 beta
 */
export function logVarianceBounds(here: NoiseLevel, next: NoiseLevel): LogBounds {
  // On the scale alpha = 1, whatever theirs: alpha^2 = 1 / (1 + r^2), sigma^2 = r^2 / (1 + r^2).
  const [r, less] = [here.sigma.div(here.alpha), next.sigma.div(next.alpha)];
  const beta = log(r.sub(less))
    .add(log(r.add(less)))
    .sub(log(square(r).add(1)));
  const logSigma = (ratio: Tensor): Tensor =>
    log(ratio)
      .mul(2)
      .sub(log(square(ratio).add(1)));
  return { beta, posterior: beta.add(logSigma(less)).sub(logSigma(r)) };
}

/** ln Sigma = v ln beta + (1 - v) ln beta~ (Nichol & Dhariwal 2021, arXiv:2102.09672, eq. 15), of v [batch, ...shape]. */
export const logVariance = (v: Tensor, { beta, posterior }: LogBounds): Tensor =>
  over(v, posterior).add(v.mul(over(v, beta.sub(posterior))));

/**
 * KL(q(y'|y, x) || N(mu, Sigma)) of each value, in nats, whose two means differ by the noise that is taken for n (arXiv:2006.11239, eq. 8):
 *
 *   1/2 (ln Sigma - ln beta~ + (beta~ + (mu~ - mu)^2) / Sigma - 1),  mu~ - mu = beta alpha' / (alpha sigma) (n^ - n)
 */
export function reverseDivergence(
  { here, next, v }: { readonly here: NoiseLevel; readonly next: NoiseLevel; readonly v: Tensor },
  noiseError: Tensor,
): Tensor {
  const bounds = logVarianceBounds(here, next);
  const logSigma = logVariance(v, bounds);
  const low = over(v, bounds.posterior);
  const [r, less] = [here.sigma.div(here.alpha), next.sigma.div(next.alpha)];
  // ln (alpha' / (alpha sigma))^2.
  const gain = log(square(r).add(1))
    .mul(2)
    .sub(log(square(less).add(1)))
    .sub(log(r).mul(2));
  const squares = square(noiseError).mul(exp(over(v, bounds.beta.mul(2).add(gain)).sub(logSigma)));
  return logSigma
    .sub(low)
    .add(exp(low.sub(logSigma)))
    .add(squares)
    .sub(1)
    .mul(0.5);
}
