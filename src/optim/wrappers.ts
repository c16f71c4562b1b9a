import { clamp, div, minimum } from "../ops/arithmetic.ts";
import { lessEqual, where } from "../ops/comparison.ts";
import type { Tensor } from "../graph/tensor.ts";
import type { Optimizer } from "./optimizer.ts";

/** Gradient clipping by value: each element is clamped to [-limit, limit]. */
export function clipByValue(optimizer: Optimizer, limit: number): Optimizer {
  return { ...optimizer, update: (at) => optimizer.update({ ...at, gradient: clamp(at.gradient, -limit, limit) }) };
}

/**
 * Gradient clipping by global norm: the gradients of an objective are rescaled so that their joint Euclidean norm is at most `limit`
 * (Pascanu et al., arXiv:1211.5063, algorithm 1).
 *
 * @example
 * const optimizer = clipByNorm(adam({ learningRate: 1e-3 }), 1);
 */
export function clipByNorm(optimizer: Optimizer, limit: number): Optimizer {
  return {
    ...optimizer,
    needsGradientNorm: true,
    update(at) {
      const scale = minimum(div(limit, at.scalars["gradientNorm"]!.add(1e-12)), 1);
      return optimizer.update({ ...at, gradient: at.gradient.mul(scale) });
    },
  };
}

/**
 * Skips updates of which the joint Euclidean norm of an objective's gradients is above `limit` or not finite (Child 2021, arXiv:2011.10650,
 * section 3.2): the weights and all slots of what is wrapped stay bit for bit, EMA weights too where those are. The updates that bias
 * corrections count go on.
 *
 * @example
 * const optimizer = skipAbove(trackEma(adam({ learningRate: 1e-3 }), 0.999), 200);
 */
export function skipAbove(optimizer: Optimizer, limit: number): Optimizer {
  return {
    ...optimizer,
    needsGradientNorm: true,
    skipsAbove: Math.fround(limit),
    update(at) {
      const next = optimizer.update(at);
      const kept = (value: Tensor, now: Tensor): Tensor =>
        unlessSkipped(value, now, at.scalars["gradientNorm"]!, limit);
      const slots = Object.entries(next.slots).map(([name, value]) => [name, kept(value, at.slots[name]!)]);
      return { parameter: kept(next.parameter, at.parameter), slots: Object.fromEntries(slots) };
    },
  };
}

/** The next value of a variable, or its value `now` where the update is skipped: no comparison with NaN holds. */
export const unlessSkipped = (next: Tensor, now: Tensor, gradientNorm: Tensor, limit: number): Tensor =>
  where(lessEqual(gradientNorm, limit).broadcastTo(now.shape), next, now);

/** Weight clipping: weights are clamped to [-limit, limit] after each step, as in WGAN's critic (arXiv:1701.07875, algorithm 1). */
export function clipWeights(optimizer: Optimizer, limit: number): Optimizer {
  return {
    ...optimizer,
    update(at) {
      const { parameter, slots } = optimizer.update(at);
      return { parameter: clamp(parameter, -limit, limit), slots };
    },
  };
}

/**
 * EMA weights: an exponential moving average of the weights in the slot `ema` (Polyak & Juditsky 1992):
 *
 *   ema <- d ema + (1 - d) p,   d = min(decay, (1 + t) / (10 + t))   so that the initial weights are forgotten quickly
 *
 * @example
 * const optimizer = trackEma(adam({ learningRate: 1e-3 }), 0.999);
 */
export function trackEma(optimizer: Optimizer, decay: number): Optimizer {
  return {
    ...optimizer,
    slots: { ...optimizer.slots, ema: { initial: "parameter" } },
    scalars: (at) => ({
      ...optimizer.scalars(at),
      emaDecay: Math.min(decay, (1 + at.updates) / (10 + at.updates)),
    }),
    update(at) {
      const { parameter, slots } = optimizer.update(at);
      const ema = parameter.add(at.slots["ema"]!.sub(parameter).mul(at.scalars["emaDecay"]!));
      return { parameter, slots: { ...slots, ema } };
    },
  };
}
