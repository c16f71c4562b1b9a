import type { Tensor } from "../../../graph/tensor.ts";
import { log, reciprocal, sqrt, square } from "../../../ops/arithmetic.ts";
import { type NoiseLevel, over } from "./noise-level.ts";

/** An example and its noise, as far as a network tells them apart: y = alpha x + sigma n. */
export interface Denoised {
  /** D(y): E[x|y] at best. */
  readonly x: Tensor;
  /** E[n|y] at best: the score is -n / sigma. */
  readonly n: Tensor;
  /** Where the variance of a step is learned: how much of its log is ln beta, the rest ln beta~, of each value. */
  readonly v?: Tensor;
}

/**
 * What a network F is asked for: its input, what it is told of the level, its target, and what x and n follow from its output. The loss
 * is |F - target|^2 for all of them. Levels are [batch] or scalars, of any scale; sigma is never 0, and alpha only for `velocity`.
 */
export interface Prediction {
  /** F's input, of the order of 1. */
  input(y: Tensor, level: NoiseLevel): Tensor;
  /** The level as F sees it, of the order of 1. */
  feature(level: NoiseLevel): Tensor;
  target(x: Tensor, n: Tensor, level: NoiseLevel): Tensor;
  denoised(F: Tensor, y: Tensor, level: NoiseLevel): Denoised;
}

/** sigma / alpha: the noise beside an example of weight 1. */
const ratio = ({ alpha, sigma }: NoiseLevel): Tensor => sigma.div(alpha);
/** cNoise of EDM. */
const logNoise = (level: NoiseLevel): Tensor => log(ratio(level)).div(4);

const withNoise = (x: Tensor, y: Tensor, { alpha, sigma }: NoiseLevel): Denoised => ({
  x,
  n: y.sub(x.mul(over(y, alpha))).div(over(y, sigma)),
});

/** The level and the observation on another scale: y / c. */
interface Scaled extends NoiseLevel {
  readonly factor: Tensor;
}
const scaled = ({ alpha, sigma }: NoiseLevel, c: Tensor): Scaled => {
  const factor = reciprocal(c);
  return { alpha: alpha.mul(factor), sigma: sigma.mul(factor), factor };
};
/** To alpha^2 + sigma^2 = 1, as in papers of variance-preserving processes. */
const preserving = (level: NoiseLevel): Scaled => scaled(level, sqrt(square(level.alpha).add(square(level.sigma))));
/** To alpha + sigma = 1, the straight line: sigma is the time. */
const straight = (level: NoiseLevel): Scaled => scaled(level, level.alpha.add(level.sigma));

const inputOf =
  (scale: (level: NoiseLevel) => Scaled) =>
  (y: Tensor, level: NoiseLevel): Tensor =>
    y.mul(over(y, scale(level).factor));

/** F = n (Ho et al. 2020, arXiv:2006.11239, eq. 14). */
const epsilon: Prediction = {
  input: inputOf(preserving),
  feature: logNoise,
  target: (_, n) => n,
  denoised: (F, y, { alpha, sigma }) => ({ x: y.sub(F.mul(over(y, sigma))).div(over(y, alpha)), n: F }),
};

/** F = x. */
const x0: Prediction = {
  input: inputOf(preserving),
  feature: logNoise,
  target: (x) => x,
  denoised: withNoise,
};

/** F = alpha n - sigma x, where alpha^2 + sigma^2 = 1 (Salimans & Ho 2022, arXiv:2202.00512, appendix D). */
const v: Prediction = {
  input: inputOf(preserving),
  feature: logNoise,
  target(x, n, level) {
    const { alpha, sigma } = preserving(level);
    return n.mul(over(x, alpha)).sub(x.mul(over(x, sigma)));
  },
  denoised(F, y, level) {
    const { alpha, sigma, factor } = preserving(level);
    const z = y.mul(over(y, factor));
    const [a, s] = [over(y, alpha), over(y, sigma)];
    return { x: z.mul(a).sub(F.mul(s)), n: z.mul(s).add(F.mul(a)) };
  },
};

/** F = n - x, the velocity along z = (1 - t) x + t n (Lipman et al. 2023, arXiv:2210.02747, eq. 23; Liu et al. 2023, arXiv:2209.03003, eq. 1, whose time runs the other way). */
const velocity: Prediction = {
  input: inputOf(straight),
  feature: (level) => straight(level).sigma,
  target: (x, n) => n.sub(x),
  denoised(F, y, level) {
    const { alpha, sigma, factor } = straight(level);
    const z = y.mul(over(y, factor));
    return { x: z.sub(F.mul(over(y, sigma))), n: z.add(F.mul(over(y, alpha))) };
  },
};

/**
 * Karras et al. 2022, arXiv:2206.00364, eq. 7 and table 1: D = cSkip y + cOut F(cIn y; cNoise) at alpha = 1, with input and target of
 * variance 1 where examples have the standard deviation `sigmaData`. The loss's weight lambda(sigma) cOut^2 is 1.
 */
export function preconditioned(sigmaData: number): Prediction {
  const coefficients = (level: NoiseLevel): { cSkip: Tensor; cOut: Tensor; cIn: Tensor } => {
    const sigma = ratio(level);
    const variance = square(sigma).add(sigmaData ** 2);
    const cIn = reciprocal(sqrt(variance));
    return { cSkip: reciprocal(variance).mul(sigmaData ** 2), cOut: sigma.mul(cIn).mul(sigmaData), cIn };
  };
  return {
    input: (y, level) => y.mul(over(y, coefficients(level).cIn.div(level.alpha))),
    feature: logNoise,
    target(x, n, level) {
      const { cSkip, cOut } = coefficients(level);
      const noisy = x.add(n.mul(over(x, ratio(level))));
      return x.sub(noisy.mul(over(x, cSkip))).div(over(x, cOut));
    },
    denoised(F, y, level) {
      const { cSkip, cOut } = coefficients(level);
      return withNoise(y.mul(over(y, cSkip.div(level.alpha))).add(F.mul(over(y, cOut))), y, level);
    },
  };
}

/** Predictions by name; EDM's depends on the data. */
export const predictions = { epsilon, x0, v, velocity } as const satisfies Record<string, Prediction>;
export type PredictionName = keyof typeof predictions | "edm";
