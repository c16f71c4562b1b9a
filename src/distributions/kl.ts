import { ShapeError, UnsupportedOpError } from "../errors.ts";
import type { Tensor } from "../graph/tensor.ts";
import {
  abs,
  and,
  exp,
  greater,
  greaterEqual,
  lessEqual,
  log,
  logSoftmax,
  softplus,
  square,
  where,
} from "../ops/index.ts";
import { Bernoulli } from "./bernoulli.ts";
import { Categorical } from "./categorical.ts";
import type { Distribution } from "./distribution.ts";
import { Independent, sumLastAxes } from "./independent.ts";
import { Laplace } from "./laplace.ts";
import { Normal } from "./normal.ts";
import { Uniform } from "./uniform.ts";

type ClosedForm = (q: Distribution, p: Distribution) => Tensor | null;
type Class<D> = abstract new (...args: never[]) => D;

const closedForm =
  <Q extends Distribution, P extends Distribution>(
    qClass: Class<Q>,
    pClass: Class<P>,
    formula: (q: Q, p: P) => Tensor,
  ): ClosedForm =>
  (q, p) =>
    q instanceof qClass && p instanceof pClass ? formula(q, p) : null;

const closedForms: readonly ClosedForm[] = [
  // 1/2 ((q.std^2 + (q.mean - p.mean)^2) / p.std^2 - 1 - log (q.std^2 / p.std^2)). Against N(0, 1) the graph folds it to
  // 1/2 (e^logVar + mean^2 - 1 - logVar): arXiv:1312.6114, appendix B.
  closedForm(Normal, Normal, (q, p) =>
    q.variance
      .add(square(q.mean.sub(p.mean)))
      .mul(p.precision)
      .sub(q.logVar.sub(p.logVar).add(1))
      .mul(0.5),
  ),

  // with a = q.logits and b = p.logits: sigmoid(a) (a - b) - softplus(a) + softplus(b)
  closedForm(Bernoulli, Bernoulli, (q, p) =>
    q.mean.mul(q.logits.sub(p.logits)).sub(softplus(q.logits)).add(softplus(p.logits)),
  ),

  // Nothing where q is 0, infinite where p alone is.
  closedForm(Categorical, Categorical, (q, p) => {
    const ratio = logSoftmax(q.logits).sub(logSoftmax(p.logits));
    return q.probs.mul(where(greater(q.probs, 0), ratio, 0)).sum(-1);
  }),

  // with d = |q.mean - p.mean|: log(p.scale / q.scale) + (q.scale e^(-d / q.scale) + d) / p.scale - 1
  closedForm(Laplace, Laplace, (q, p) => {
    const distance = abs(q.mean.sub(p.mean));
    const ratio = exp(distance.div(q.scale).neg()).mul(q.scale).add(distance).div(p.scale);
    return ratio.add(log(p.scale)).sub(log(q.scale)).sub(1);
  }),

  // Infinite where the support of q exceeds that of p.
  closedForm(Uniform, Uniform, (q, p) =>
    where(and(greaterEqual(q.low, p.low), lessEqual(q.high, p.high)), log(p.width).sub(log(q.width)), Infinity),
  ),

  closedForm(Independent, Independent, (q, p) => {
    if (q.axes !== p.axes)
      throw new ShapeError(`kl: events differ, got ${q.axes} and ${p.axes} event axes, expected as many in both`);
    return sumLastAxes(kl(q.base, p.base), q.axes);
  }),
];

/**
 * KL(q || p) = E_q[log q(x) - log p(x)] in closed form, in nats, summed over event axes. Throws UnsupportedOpError, naming the pair, where there
 * is no closed form.
 *
 * @example
 * const rate = kl(new Normal(1, 1), new Normal(0, 1));
 * evaluate([rate])[0]!.data; // [0.5]
 */
export function kl(q: Distribution, p: Distribution): Tensor {
  const divergence = klIfClosed(q, p);
  if (divergence) return divergence;
  throw new UnsupportedOpError(
    `kl: no closed form, got KL(${q.name} || ${p.name}), expected a pair that has one; estimate it as the mean of ` +
      "q.logProb(x) - p.logProb(x) over samples x of q",
  );
}

/** KL(q || p) in closed form; undefined where the pair has none. */
export function klIfClosed(q: Distribution, p: Distribution): Tensor | undefined {
  for (const form of closedForms) {
    const divergence = form(q, p);
    if (divergence) return divergence;
  }
  return undefined;
}
