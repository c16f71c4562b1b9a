/** Priors of codes with nothing learned in them. */
import { type Distribution, unavailable } from "../../distributions/distribution.ts";
import { independent } from "../../distributions/independent.ts";
import { Mixture } from "../../distributions/mixture.ts";
import { Normal } from "../../distributions/normal.ts";
import { Rotated } from "../../distributions/rotated.ts";
import type { Shape } from "../../graph/shape.ts";
import { constant, noise, type Tensor } from "../../graph/tensor.ts";
import { sqrt } from "../../ops/arithmetic.ts";
import { cast, greater, less, or, where } from "../../ops/comparison.ts";
import { cos, sin, stopGradient } from "../../ops/elementwise.ts";
import { oneHot } from "../../ops/indexing.ts";
import { reshape, stack } from "../../ops/movement.ts";
import { logMeanExp, mean, variance } from "../../ops/reduction.ts";
import type { Latent } from "../latent.ts";

/** p(z) of `count` codes, one event each; or p(z|y) for classes y, int64 [count], of which -1 is any. */
export type FixedPrior = (count: number, label?: Tensor) => Distribution;

/** N(0, I). */
export const standardNormal =
  (dim: number): FixedPrior =>
  (count) =>
    independent(new Normal(constant(0).broadcastTo([count, dim]), 1), 1);

/** A code z of so many dimensions with that prior. */
export const standardNormalLatent = (dim: number): Latent => ({
  name: "z",
  shape: [dim],
  dtype: "float32",
  prior: (_, count) => standardNormal(dim)(count),
  standardNormal: true,
});

/** Of the circle's Gaussians: variances of z's coordinates are about 1. */
const RADIUS = 1.3;
const ALONG = 0.5;
/** Across, so that neighbors keep apart whatever their number. */
const across = (modes: number): number => Math.min(ALONG, 1 / modes);

/**
 * Gaussians in the plane, elongated towards the origin, on a circle around it (Makhzani et al. 2015, arXiv:1511.05644, figure 2 B, which gives no
 * numbers):
 *
 *   p(z) = 1/K sum_k N(z; R_k (r, 0)', R_k diag(a^2, b^2) R_k'),     R_k the rotation by 2 pi k / K
 *
 * with r = 1.3, a = 0.5 and b = 1/K, at most a. p(z|y) is the y-th of them.
 */
export const circle =
  (modes: number): FixedPrior =>
  (count, label) => {
    const center = constant([RADIUS, 0], [2]).broadcastTo([count, modes, 2]);
    const each = independent(new Normal(center, constant([ALONG, across(modes)], [2])), 1);
    const angles = Array.from({ length: modes }, (_, k) => (2 * Math.PI * k) / modes);
    const chosen = label && or(greater(oneHot(label, modes), 0), reshape(less(label, 0), [count, 1]));
    const logits = chosen ? where(chosen, 0, -Infinity) : constant(0).broadcastTo([count, modes]);
    return new Mixture(logits, new Rotated(each, constant(angles, [modes])));
  };

/** Two turns, of coordinates with a variance of about 1. */
const ANGLE = 4 * Math.PI;
const THICKNESS = 0.05;

/**
 * A Swiss roll in the plane, of `segments` classes (arXiv:1511.05644, figure 4 B, which gives no numbers): a spiral with noise,
 *
 *   z = 2/T (t cos t, t sin t)' + s e,     t = T sqrt(u),     u ~ U[0, 1],     e ~ N(0, I)
 *
 * with T = 4 pi and s = 0.05. The arc from 0 to t has a length of about t^2 / T, so that points lie evenly along it. p(z|y) has u from y/K to (y + 1)/K.
 */
export const swissRoll =
  (segments: number): FixedPrior =>
  (count, label) => {
    if (!label) return new SwissRoll(count, constant(0), constant(1));
    const any = less(label, 0);
    const from = where(any, 0, cast(label, "float32").div(segments));
    return new SwissRoll(count, from, where(any, 1, 1 / segments));
  };

/** Points of the spiral, about s apart, whose mean density is the integral over u: of Gaussians that close it differs by 1e-8 of it. */
const POINTS = 256;

class SwissRoll implements Distribution {
  readonly name = "Swiss roll";
  readonly eventRank = 1;
  readonly shape: Shape;
  readonly #from: Tensor;
  readonly #width: Tensor;

  /** u is uniform from `from` on, over `width`: scalars, or [count] each. */
  constructor(count: number, from: Tensor, width: Tensor) {
    this.shape = [count, 2];
    this.#from = reshape(from.broadcastTo([count]), [count, 1]);
    this.#width = reshape(width.broadcastTo([count]), [count, 1]);
  }

  get mean(): Tensor {
    return mean(this.#points, 1);
  }
  get variance(): Tensor {
    return variance(this.#points, 1).add(THICKNESS ** 2);
  }
  logProb(z: Tensor): Tensor {
    const near = independent(new Normal(this.#points, THICKNESS), 1);
    return logMeanExp(near.logProb(reshape(z, z.shape.toSpliced(-1, 0, 1))), -1);
  }
  sample(sampleShape: Shape = []): Tensor {
    const shape = [...sampleShape, ...this.shape];
    const u = noise.uniform([...sampleShape, this.shape[0]!, 1]);
    const point = spiral(this.#from.add(this.#width.mul(u)));
    return stopGradient(reshape(point, shape).add(noise.normal(shape).mul(THICKNESS)));
  }
  rsample(): never {
    return unavailable("Swiss roll: rsample", "it has no parameters to differentiate in", "sample");
  }
  entropy(): never {
    return unavailable("Swiss roll: entropy", "it has no closed form", "the mean of -logProb over samples");
  }

  /** [count, POINTS, 2]. */
  get #points(): Tensor {
    const middles = Array.from({ length: POINTS }, (_, i) => (i + 0.5) / POINTS);
    return spiral(this.#from.add(this.#width.mul(constant(middles, [POINTS]))));
  }
}

/** Points of the spiral at u [...]: [..., 2]. */
function spiral(u: Tensor): Tensor {
  const t = sqrt(u).mul(ANGLE);
  return stack([t.mul(cos(t)), t.mul(sin(t))], u.rank).mul(2 / ANGLE);
}
