import { constant, noise, scalarValue, type Tensor } from "../../../graph/tensor.ts";
import { maximum, sqrt, square } from "../../../ops/arithmetic.ts";
import { cos, exp, sigmoid, sin } from "../../../ops/elementwise.ts";
import type { NoiseLevel, NoisePoint } from "./noise-level.ts";

/** Which noise levels samples go through. */
export interface GridOptions {
  /** Evaluations of the denoiser. */
  readonly steps: number;
  /** Exponent of Karras's levels: larger for more of them at little noise. */
  readonly rho: number;
}

/**
 * How examples become noise: the levels that a denoiser is trained at, and those that samples go through. Samples walk along straight
 * lines of the (alpha, sigma) plane: down alpha = 1, or from (0, 1) to (1, 0).
 */
export interface NoiseProcess {
  /** Levels of a training batch, [batch] each; of a process in time, with those a step of a thousand before them. */
  training(batch: number): NoiseLevel & { readonly before?: NoiseLevel };
  /** The levels of so many evaluations, the noisiest first; (1, 0) follows the last. */
  grid(options: GridOptions): readonly NoisePoint[];
}

/** `count` numbers at equal distances, both ends included; of one, the first. */
const evenly = (count: number, from: number, to: number): readonly number[] =>
  Array.from({ length: count }, (_, i) => from + ((to - from) * i) / Math.max(1, count - 1));

/** Karras et al. 2022, arXiv:2206.00364, eq. 5: sigma_i = (max^(1/rho) + i / (N - 1) (min^(1/rho) - max^(1/rho)))^rho. */
export const karrasLevels = (steps: number, max: number, min: number, rho: number): readonly NoisePoint[] =>
  evenly(steps, max ** (1 / rho), min ** (1 / rho)).map((root) => ({ alpha: 1, sigma: root ** rho }));

/** Karras et al. 2022, arXiv:2206.00364, table 1, EDM: ln sigma ~ N(mean, std^2), alpha = 1; sampled from sigma 80 to 0.002. */
export const logNormalNoise = ({
  logMean,
  logStd,
}: {
  readonly logMean: number;
  readonly logStd: number;
}): NoiseProcess => ({
  training: (batch) => ({
    alpha: constant(1).broadcastTo([batch]),
    sigma: exp(noise.normal([batch]).mul(logStd).add(logMean)),
  }),
  grid: ({ steps, rho }) => karrasLevels(steps, 80, 0.002, rho),
});

/** A path of levels in time t, from (1, 0) at 0 to noise at 1. */
export interface NoisePath {
  at(t: Tensor): NoiseLevel;
  /** First and last time: where sigma or alpha would be 0 and the path may not be used. */
  readonly times: readonly [first: number, last: number];
  /** Whether samples follow it as it is, a line from (0, 1) to (1, 0); else they follow alpha = 1. */
  readonly straight: boolean;
}

/** alpha^2 + sigma^2 = 1. */
const preserving = (alpha: Tensor): NoiseLevel => ({ alpha, sigma: sqrt(square(alpha).neg().add(1)) });

const [BETA_MIN, BETA_MAX] = [0.1, 20];
const COSINE_OFFSET = 0.008;

/** Paths by name. */
export const noisePaths = {
  /**
   * Ho et al. 2020, arXiv:2006.11239, section 4: beta rises in a line, from 1e-4 to 0.02 over 1000 steps. In continuous time (Song et al. 2021,
   * arXiv:2011.13456, the VP SDE): ln alpha = -t^2 (betaMax - betaMin) / 4 - t betaMin / 2.
   */
  linear: {
    at: (t) =>
      preserving(
        exp(
          square(t)
            .mul((BETA_MIN - BETA_MAX) / 4)
            .add(t.mul(-BETA_MIN / 2)),
        ),
      ),
    times: [1e-3, 1],
    straight: false,
  },
  /** Nichol & Dhariwal 2021, arXiv:2102.09672, eq. 17: alpha = f(t) / f(0), f(t) = cos(pi / 2 (t + s) / (1 + s)), s = 0.008. */
  cosine: {
    at(t) {
      const f = (time: Tensor): Tensor => cos(time.add(COSINE_OFFSET).mul(Math.PI / 2 / (1 + COSINE_OFFSET)));
      return preserving(f(t).div(f(constant(0, [], t.dtype))));
    },
    times: [1e-3, 0.995],
    straight: false,
  },
  /** Lipman et al. 2023, arXiv:2210.02747, and Liu et al. 2023, arXiv:2209.03003, the straight line: alpha = 1 - t, sigma = t. */
  rectified: { at: (t) => ({ alpha: t.neg().add(1), sigma: t }), times: [0, 1], straight: true },
  /** Albergo & Vanden-Eijnden 2023, arXiv:2209.15571, the trigonometric one: alpha = cos(pi t / 2), sigma = sin(pi t / 2). */
  trigonometric: {
    at: (t) => ({ alpha: cos(t.mul(Math.PI / 2)), sigma: sin(t.mul(Math.PI / 2)) }),
    times: [1e-3, 0.995],
    straight: false,
  },
} as const satisfies Record<string, NoisePath>;
export type NoisePathName = keyof typeof noisePaths;

/** Densities of times from 0 to 1, by name. */
export const timeDensities = {
  uniform: (batch) => noise.uniform([batch]),
  /** Esser et al. 2024, arXiv:2403.03206, eq. 19: logit t ~ N(0, 1), more of the times between. */
  "logit-normal": (batch) => sigmoid(noise.normal([batch])),
} as const satisfies Record<string, (batch: number) => Tensor>;
export type TimeDensityName = keyof typeof timeDensities;

/** Steps of time from noise to data, of papers whose time is discrete. */
export const TIMESTEPS = 1000;

/** Levels of a path at times of a density; samples go through them at equal distances in time, from its last. */
export function timedNoise(path: NoisePath, density: (batch: number) => Tensor): NoiseProcess {
  const [first, last] = path.times;
  return {
    training(batch) {
      const t = density(batch)
        .mul(last - first)
        .add(first);
      // Noise is never all gone.
      return { ...path.at(t), before: path.at(maximum(t.sub(1 / TIMESTEPS), t.mul(0.5))) };
    },
    grid: ({ steps }) =>
      Array.from({ length: steps }, (_, i) => {
        const { alpha, sigma } = path.at(constant(Math.max(first, last * (1 - i / steps))));
        const point = { alpha: scalarValue(alpha)!, sigma: scalarValue(sigma)! };
        return path.straight ? point : { alpha: 1, sigma: point.sigma / point.alpha };
      }),
  };
}
