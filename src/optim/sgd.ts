import { type LearningRate, type Optimizer, rateAt } from "./optimizer.ts";

export interface SGDOptions {
  readonly learningRate: LearningRate;
  /** Momentum coefficient mu; 0 is plain gradient descent. */
  readonly momentum?: number;
  /** Nesterov momentum (Sutskever et al. 2013, eq. 3-4, in the lookahead variable). */
  readonly nesterov?: boolean;
  /** L2 penalty lambda/2 |p|^2, added to the gradient: weight decay. */
  readonly weightDecay?: number;
}

/**
 * Stochastic gradient descent with momentum.
 *
 *   u <- mu u + g
 *   p <- p - rate u              (Nesterov: p <- p - rate (g + mu u))
 */
export function sgd({ learningRate, momentum = 0, nesterov = false, weightDecay = 0 }: SGDOptions): Optimizer {
  return {
    name: "sgd",
    slots: momentum === 0 ? {} : { velocity: { initial: "zeros" } },
    scalars: ({ step, decays }) => ({ rate: rateAt(learningRate, step), decay: decays ? weightDecay : 0 }),
    update({ parameter: p, gradient, slots, scalars: { rate, decay } }) {
      const g = weightDecay === 0 ? gradient : gradient.add(p.mul(decay!));
      if (momentum === 0) return { parameter: p.sub(g.mul(rate!)), slots: {} };
      const velocity = slots["velocity"]!.mul(momentum).add(g);
      const direction = nesterov ? g.add(velocity.mul(momentum)) : velocity;
      return { parameter: p.sub(direction.mul(rate!)), slots: { velocity } };
    },
  };
}
