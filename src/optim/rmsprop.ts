import { sqrt, square } from "../ops/arithmetic.ts";
import { type LearningRate, type Optimizer, rateAt } from "./optimizer.ts";

export interface RMSPropOptions {
  readonly learningRate: LearningRate;
  readonly decay?: number;
  readonly epsilon?: number;
  readonly momentum?: number;
}

/**
 * RMSProp (Tieleman & Hinton 2012, lecture 6.5), with optional momentum.
 *
 *   v <- decay v + (1 - decay) g^2,   u <- momentum u + g / (sqrt(v) + epsilon),   p <- p - rate u
 */
export function rmsProp({ learningRate, decay = 0.99, epsilon = 1e-8, momentum = 0 }: RMSPropOptions): Optimizer {
  return {
    name: "rmsprop",
    slots: { v: { initial: "zeros" }, ...(momentum !== 0 && { u: { initial: "zeros" as const } }) },
    scalars: ({ step }) => ({ rate: rateAt(learningRate, step) }),
    update({ parameter: p, gradient: g, slots, scalars: { rate } }) {
      const v = slots["v"]!.mul(decay).add(square(g).mul(1 - decay));
      const scaled = g.div(sqrt(v).add(epsilon));
      if (momentum === 0) return { parameter: p.sub(scaled.mul(rate!)), slots: { v } };
      const u = slots["u"]!.mul(momentum).add(scaled);
      return { parameter: p.sub(u.mul(rate!)), slots: { v, u } };
    },
  };
}
