import { constant, noise, type Tensor } from "../../../graph/tensor.ts";
import type { Context } from "../../../nn/context.ts";
import { abs, clamp, log, maximum, minimum, sqrt, square } from "../../../ops/arithmetic.ts";
import { greater, lessEqual, where } from "../../../ops/comparison.ts";
import { exp } from "../../../ops/elementwise.ts";
import { flatten } from "../../../ops/movement.ts";
import { mean } from "../../../ops/reduction.ts";
import type { Codes } from "../../latent.ts";
import type { Sampler, Symbolic } from "../../sampler.ts";
import { HIGHEST, LOWEST } from "../likelihood/probability-flow.ts";
import { over } from "../noise/noise-level.ts";
import { type GuidanceOptions, guideOf } from "./guidance.ts";
import type { SamplerParts } from "./sampler-parts.ts";

/** The first step in ln sigma, of about ten in all. */
const FIRST = 0.1;
/** What the best step is shortened by, and how much a step may shrink or grow at once. */
const [SAFETY, LEAST, MOST] = [0.9, 0.2, 5];

export interface AdaptiveOptions extends GuidanceOptions {
  readonly temperature: number;
  readonly tolerance: number;
}

/**
 * The probability-flow ODE along alpha = 1 in s = -ln sigma, dy/ds = D(y; sigma) - y, from sigma 80 to 0.002, with a step of its own for each
 * example: the pair of order 3(2) of Bogacki & Shampine ("A 3(2) pair of Runge-Kutta formulas", Applied Mathematics Letters 2, 1989),
 *
 *   k2 = f(y + h/2 k1),  k3 = f(y + 3h/4 k2),  y' = y + h (2/9 k1 + 1/3 k2 + 4/9 k3),  k4 = f(y')
 *   e = h (-5/72 k1 + 1/12 k2 + 1/9 k3 - 1/8 k4) / (tolerance (1 + max(|y|, |y'|)))
 *
 * A step is taken where the root mean square of e over the values of an example is at most 1, else tried again; the next is 0.9 rms^(-1/3)
 * times as long. k4 is the next k1: a step costs three evaluations of D, taken or not. Examples that have arrived stay.
 */
export function adaptiveSolver({
  shape,
  denoise,
  finish,
  guidedFrom,
}: Pick<SamplerParts, "shape" | "denoise" | "finish" | "guidedFrom">): AdaptiveLoop {
  const slopeOf = (given: Symbolic<AdaptiveOptions>, context: Context) => {
    const guide = guideOf(given, context, guidedFrom);
    return (y: Tensor, sigma: Tensor): Tensor => denoise(y, { alpha: constant(1), sigma }, context, guide).x.sub(y);
  };
  // The last level is LOWEST as a float32.
  const left = (sigma: Tensor): Tensor => greater(sigma, LOWEST * (1 + 1e-6));
  return {
    start(count, given, context) {
      const all = (value: number): Tensor => constant(value).broadcastTo([count]);
      const y = noise.normal([count, ...shape]).mul(given.temperature.mul(HIGHEST));
      const sigma = all(HIGHEST);
      const slope = slopeOf(given, context)(y, sigma);
      return { y, slope, alpha: all(1), sigma, h: all(FIRST), evaluations: all(1) };
    },
    step({ y, slope: k1, alpha, sigma, h: wanted, evaluations }, _at, given, context) {
      const f = slopeOf(given, context);
      const under = left(sigma!);
      // Not beyond the end; of examples that have arrived, nowhere.
      const h = where(under, minimum(wanted!, log(sigma!.div(LOWEST))), constant(0));
      const along = (part: number): Tensor => sigma!.mul(exp(h.mul(-part)));
      const moved = (of: readonly (readonly [weight: number, k: Tensor])[]): Tensor =>
        of
          .map(([weight, k]) => k.mul(weight))
          .reduce((sum, k) => sum.add(k))
          .mul(over(y!, h));
      const k2 = f(y!.add(moved([[1 / 2, k1!]])), along(1 / 2));
      const k3 = f(y!.add(moved([[3 / 4, k2]])), along(3 / 4));
      const next = y!.add(
        moved([
          [2 / 9, k1!],
          [1 / 3, k2],
          [4 / 9, k3],
        ]),
      );
      const ended = lessEqual(log(sigma!.div(LOWEST)), h);
      const nextSigma = where(ended, constant(LOWEST), along(1));
      const k4 = f(next, nextSigma);
      const error = moved([
        [-5 / 72, k1!],
        [1 / 12, k2],
        [1 / 9, k3],
        [-1 / 8, k4],
      ]);
      const scale = maximum(abs(y!), abs(next)).add(1).mul(given.tolerance);
      const rms = sqrt(mean(square(flatten(error.div(scale))), 1));
      const taken = lessEqual(rms, 1);
      const factor = clamp(exp(log(rms.add(1e-12)).div(-3)).mul(SAFETY), LEAST, MOST);
      const kept = (now: Tensor, before: Tensor): Tensor => where(over(before, taken), now, before);
      return {
        y: kept(next, y!),
        slope: kept(k4, k1!),
        alpha: alpha!,
        sigma: kept(nextSigma, sigma!),
        h: where(under, h.mul(factor), wanted!),
        evaluations: evaluations!.add(where(under, constant(3), constant(0))),
      } satisfies Codes;
    },
    // D = y + dy/ds, which is known there.
    finish: ({ y, slope }) => finish(y!.add(slope!)),
    pending: ({ sigma }) => left(sigma!),
    report: ({ evaluations }) => ({ evaluations: evaluations! }),
  };
}

type AdaptiveLoop = Required<Pick<Sampler<AdaptiveOptions>, "start" | "step" | "finish" | "pending" | "report">>;
