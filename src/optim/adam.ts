import { abs, maximum, sqrt, square } from "../ops/arithmetic.ts";
import { type LearningRate, type Optimizer, rateAt } from "./optimizer.ts";

export interface AdamOptions {
  readonly learningRate: LearningRate;
  readonly beta1?: number;
  readonly beta2?: number;
  readonly epsilon?: number;
}

/**
 * Adam (Kingma & Ba, arXiv:1412.6980, algorithm 1).
 *
 *   m <- beta1 m + (1 - beta1) g,    mHat = m / (1 - beta1^t)
 *   v <- beta2 v + (1 - beta2) g^2,  vHat = v / (1 - beta2^t)
 *   p <- p - rate mHat / (sqrt(vHat) + epsilon)
 *
 * @example
 * const optimizer = adam({ learningRate: schedule("cosine", { learningRate: 1e-3, steps: 10_000, warmup: 500 }) });
 */
export const adam = (options: AdamOptions): Optimizer => ({ ...adamW({ ...options, weightDecay: 0 }), name: "adam" });

/** AdamW (Loshchilov & Hutter, arXiv:1711.05101, algorithm 2): Adam with decoupled weight decay, p <- p - rate lambda p. */
export function adamW({
  learningRate,
  beta1 = 0.9,
  beta2 = 0.999,
  epsilon = 1e-8,
  weightDecay = 0.01,
}: AdamOptions & { readonly weightDecay?: number }): Optimizer {
  return {
    name: "adamw",
    slots: { m: { initial: "zeros" }, v: { initial: "zeros" } },
    scalars: ({ step, updates: t, decays }) => {
      const rate = rateAt(learningRate, step);
      return {
        // Bias corrections are scalars of the update: m's is folded into the rate, v's applied after the square root.
        rate: rate / (1 - beta1 ** t),
        correction: 1 / Math.sqrt(1 - beta2 ** t),
        keep: decays ? 1 - rate * weightDecay : 1,
      };
    },
    update({ parameter: p, gradient: g, slots, scalars: { rate, correction, keep } }) {
      const m = slots["m"]!.mul(beta1).add(g.mul(1 - beta1));
      const v = slots["v"]!.mul(beta2).add(square(g).mul(1 - beta2));
      const kept = weightDecay === 0 ? p : p.mul(keep!);
      return {
        parameter: kept.sub(m.mul(rate!).div(sqrt(v).mul(correction!).add(epsilon))),
        slots: { m, v },
      };
    },
  };
}

/**
 * Adamax (arXiv:1412.6980, algorithm 2).
 *
 *   m <- beta1 m + (1 - beta1) g,   u <- max(beta2 u, |g|),   p <- p - rate / (1 - beta1^t) m / (u + epsilon)
 */
export function adamax({ learningRate, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 }: AdamOptions): Optimizer {
  return {
    name: "adamax",
    slots: { m: { initial: "zeros" }, u: { initial: "zeros" } },
    scalars: ({ step, updates: t }) => ({ rate: rateAt(learningRate, step) / (1 - beta1 ** t) }),
    update({ parameter: p, gradient: g, slots, scalars: { rate } }) {
      const m = slots["m"]!.mul(beta1).add(g.mul(1 - beta1));
      const u = maximum(slots["u"]!.mul(beta2), abs(g));
      return { parameter: p.sub(m.mul(rate!).div(u.add(epsilon))), slots: { m, u } };
    },
  };
}
