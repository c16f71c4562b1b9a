import { noise, type Tensor } from "../../../graph/tensor.ts";
import { sqrt, square } from "../../../ops/arithmetic.ts";
import { exp } from "../../../ops/elementwise.ts";
import type { StepScalars } from "../../sampler.ts";
import type { NoiseLevel, NoisePoint } from "../noise/noise-level.ts";
import type { Denoised } from "../noise/prediction.ts";
import { logVariance, logVarianceBounds } from "../noise/reverse-variance.ts";

/** One step, from a noise level to the next. */
interface SolverStep {
  /** [count, ...shape], at the level `here`. */
  readonly y: Tensor;
  readonly here: NoiseLevel;
  readonly next: NoiseLevel;
  /** The solver's own `scalars`. */
  readonly at: Readonly<Record<string, Tensor>>;
  /** D of the step before. */
  readonly previous: Tensor;
  readonly denoise: (y: Tensor, level: NoiseLevel) => Denoised;
}

/** What a solver's own numbers are made of. */
export interface SolverPlan {
  /** Levels of the evaluations: `here` is the i-th, `next` the one after. */
  readonly grid: readonly NoisePoint[];
  readonly i: number;
  /** Whether D of the step before is of no use: it was not of the level before. */
  readonly restarts?: boolean;
  readonly eta: number;
  readonly churn: number;
}

/** How samples go from a level to the next. Every sampler's last step, to no noise at all, is D itself. */
export interface Solver {
  /** Evaluations of the denoiser in a step. */
  readonly evaluations: 1 | 2;
  /** Numbers of a step beside its two levels. */
  readonly scalars?: (plan: SolverPlan) => StepScalars;
  /** y at the next level, and D at this one. */
  readonly step: (step: SolverStep) => { readonly y: Tensor; readonly x: Tensor };
}

/** dy = x dalpha + n dsigma along a straight line of levels: at alpha = 1, EDM's dx/dsigma = (x - D(x; sigma)) / sigma. */
const change = ({ x, n }: Denoised, here: NoiseLevel, next: NoiseLevel): Tensor =>
  x.mul(next.alpha.sub(here.alpha)).add(n.mul(next.sigma.sub(here.sigma)));

/** Euler's method for the probability-flow ODE; at alpha = 1 it is DDIM (Song et al. 2021, arXiv:2010.02502, eq. 13). */
const euler: Solver = {
  evaluations: 1,
  step({ y, here, next, denoise }) {
    const d = denoise(y, here);
    return { y: y.add(change(d, here, next)), x: d.x };
  },
};

/** Heun's method (Karras et al. 2022, arXiv:2206.00364, algorithm 1, whose lines 4 to 8 these are). */
const heun: Solver = {
  evaluations: 2,
  step({ y, here, next, denoise }) {
    const d = denoise(y, here);
    const first = change(d, here, next);
    const second = change(denoise(y.add(first), next), here, next);
    return { y: y.add(first.add(second).mul(0.5)), x: d.x };
  },
};

/** S_min, S_max and S_noise of arXiv:2206.00364, table 5, ImageNet-64. */
const CHURN = { from: 0.05, to: 50, noise: 1.003 };

/** Heun's method with noise added before each step (arXiv:2206.00364, algorithm 2). */
const stochastic: Solver = {
  evaluations: 2,
  scalars({ grid, i, churn }) {
    const sigma = grid[i]!.sigma / grid[i]!.alpha;
    const inside = sigma >= CHURN.from && sigma <= CHURN.to;
    return { gamma: inside ? Math.min(churn / grid.length, Math.SQRT2 - 1) : 0 };
  },
  step({ y, here, at, ...rest }) {
    const { alpha, sigma } = here;
    const raised = sigma.mul(at["gamma"]!.add(1));
    const added = sqrt(square(raised).sub(square(sigma))).mul(CHURN.noise);
    return heun.step({ y: y.add(noise.normal(y.shape).mul(added)), here: { alpha, sigma: raised }, at, ...rest });
  },
};

/**
 * Ancestral sampling, y' = alpha' x + sqrt(sigma'^2 - s^2) n + s noise (Song et al. 2021, arXiv:2010.02502, eq. 12 and 16): DDPM's (Ho et al.
 * 2020, arXiv:2006.11239, algorithm 2) for eta = 1, DDIM for eta = 0.
 *
 *   s = eta sigma' / sigma sqrt(sigma^2 - (alpha / alpha')^2 sigma'^2)
 *
 * whose s / eta is the square root of beta~. Where the variance is learned the noise has s = eta sqrt(Sigma), its mean is the same.
 */
const ancestral: Solver = {
  evaluations: 1,
  scalars({ grid, i, eta }) {
    const [here, next] = [grid[i]!, grid[i + 1]!];
    const kept = (here.alpha / next.alpha) * next.sigma;
    const s = eta * (next.sigma / here.sigma) * Math.sqrt(Math.max(0, here.sigma ** 2 - kept ** 2));
    return { eta, added: s, rest: Math.sqrt(Math.max(0, next.sigma ** 2 - s ** 2)) };
  },
  step({ y, here, next, at, denoise }) {
    const { x, n, v } = denoise(y, here);
    const mean = x.mul(next.alpha).add(n.mul(at["rest"]!));
    const added = v ? learnedDeviation(v, here, next).mul(at["eta"]!) : at["added"]!;
    return { y: mean.add(noise.normal(y.shape).mul(added)), x };
  },
};

/** sqrt(Sigma) of the step, on the scale of the level that it leads to. */
function learnedDeviation(v: Tensor, here: NoiseLevel, next: NoiseLevel): Tensor {
  const scale = sqrt(square(next.alpha).add(square(next.sigma)));
  return exp(logVariance(v, logVarianceBounds(here, next)).mul(0.5)).mul(scale);
}

/** New noise on D, y' = alpha' x + sigma' noise: of consistency models (Song et al. 2023, arXiv:2303.01469, algorithm 1). */
const renoise: Solver = {
  evaluations: 1,
  step({ y, here, next, denoise }) {
    const { x } = denoise(y, here);
    return { y: x.mul(next.alpha).add(noise.normal(y.shape).mul(next.sigma)), x };
  },
};

/**
 * DPM-Solver++(2M) (Lu et al. 2022, arXiv:2211.01095, algorithm 2), with lambda = ln(alpha / sigma), h = lambda' - lambda and r = h_before / h:
 *
 *   y' = sigma' / sigma y - alpha' (e^-h - 1) ((1 + 1 / 2r) x - 1 / 2r x_before)
 */
const multistep: Solver = {
  evaluations: 1,
  scalars({ grid, i, restarts = i === 0 }) {
    const [here, next] = [grid[i]!, grid[i + 1]!];
    const lambda = ({ alpha, sigma }: NoisePoint): number => Math.log(alpha / sigma);
    const h = lambda(next) - lambda(here);
    // Of first order: the first step, and the second where the first was infinitely long.
    const before = restarts ? Infinity : lambda(here) - lambda(grid[i - 1]!);
    return {
      kept: next.sigma / here.sigma,
      gain: next.alpha - (here.alpha * next.sigma) / here.sigma,
      extrapolated: before === Infinity ? 0 : h / (2 * before),
    };
  },
  step({ y, here, at, previous, denoise }) {
    const { x } = denoise(y, here);
    const ahead = x.add(x.sub(previous).mul(at["extrapolated"]!));
    return { y: y.mul(at["kept"]!).add(ahead.mul(at["gain"]!)), x };
  },
};

/** Solvers by name. */
export const solvers = {
  heun,
  euler,
  ddim: euler,
  "dpm-solver++": multistep,
  ancestral,
  stochastic,
  renoise,
} as const satisfies Record<string, Solver>;
export type SolverName = keyof typeof solvers;
export const solverNames = Object.keys(solvers) as [SolverName, ...SolverName[]];
