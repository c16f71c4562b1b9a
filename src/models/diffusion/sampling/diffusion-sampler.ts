import { z } from "zod";
import { ConfigError } from "../../../errors.ts";
import { constant, noise, type Tensor } from "../../../graph/tensor.ts";
import type { Context } from "../../../nn/context.ts";
import { reciprocal, sqrt, square } from "../../../ops/arithmetic.ts";
import { and, greater, lessEqual, where } from "../../../ops/comparison.ts";
import type { Codes } from "../../latent.ts";
import type { Sampler, StepScalars, Symbolic } from "../../sampler.ts";
import { type NoiseLevel, type NoisePoint, over } from "../noise/noise-level.ts";
import type { NoiseProcess } from "../noise/noise-process.ts";
import type { Denoised } from "../noise/prediction.ts";
import { type Solver, type SolverName, solverNames, type SolverPlan, solvers } from "./solvers.ts";

/** How samples go from noise level to noise level: chosen anew for every sample. */
export interface SolverOptions {
  readonly steps: number;
  readonly solver: SolverName;
  readonly rho: number;
  readonly eta: number;
  readonly churn: number;
  readonly guidance?: number | undefined;
  readonly guidanceFrom: number;
  readonly guidanceTo: number;
}

export interface DiffusionSamplerOptions extends SolverOptions {
  readonly temperature: number;
}

/** What a denoiser tells of y [count, ...] at a level of scalars or [count]. */
export type Denoise = (y: Tensor, level: NoiseLevel, context: Context, guide?: Guide) => Denoised;
/** Classifier-free guidance at such a level: the weight of the conditional prediction, a scalar or [count]. */
export type Guide = (level: NoiseLevel) => Tensor;

export interface SamplerParts {
  readonly shape: readonly number[];
  readonly process: NoiseProcess;
  readonly denoise: Denoise;
  /** D as a finished example. */
  readonly finish: (x: Tensor) => Tensor;
  readonly defaults: { readonly solver: SolverName; readonly steps: number };
  /** Whether there is a condition that may be left out. */
  readonly guides: boolean;
}

/** Above all noise levels. */
const everyLevel = 1e6;

const guidanceOptions = {
  guidance: z
    .number()
    .min(0)
    .max(100)
    .optional()
    .describe(
      "weight of classifier-free guidance towards the condition; 1: none, at twice the time without (default: none)",
    ),
  guidanceFrom: z.number().min(0).max(1e6).default(0).describe("guidance: only above this noise level, sigma / alpha"),
  guidanceTo: z
    .number()
    .min(0)
    .max(1e6)
    .default(everyLevel)
    .describe("guidance: only up to this noise level, sigma / alpha"),
};

/** Throws ConfigError where guidance has noise levels and no weight, or a weight and no noise level. */
export function checkGuidance({ guidance, guidanceFrom = 0, guidanceTo = everyLevel }: Partial<SolverOptions>): void {
  if (guidance === undefined && (guidanceFrom > 0 || guidanceTo < everyLevel))
    throw new ConfigError("guidance: it is not given, got noise levels of it, expected its weight too");
  if (guidance !== undefined && guidanceFrom >= guidanceTo)
    throw new ConfigError(
      `guidance: there is no noise level with it, got from ${guidanceFrom} to ${guidanceTo}, expected the first below the second`,
    );
}

/** The schema of SolverOptions. */
export const solverOptions = ({ defaults, guides }: Pick<SamplerParts, "defaults" | "guides">) =>
  z.strictObject({
    steps: z.int().positive().max(10_000).default(defaults.steps).describe("noise levels that samples go through"),
    solver: z
      .enum(solverNames)
      .default(defaults.solver)
      .describe(
        "step between noise levels; heun: second order; euler, ddim: first order; dpm-solver++: second order from one evaluation; ancestral: with new noise in every step, DDPM's; stochastic: heun with noise added before each step, EDM's; renoise: D with new noise, of consistency models",
      ),
    rho: z
      .number()
      .min(1)
      .max(100)
      .default(7)
      .describe("exponent of Karras's noise levels: larger for more at little noise"),
    eta: z
      .number()
      .min(0)
      .max(1)
      .default(1)
      .describe("ancestral: share of the noise that is new; 0: none, which is ddim")
      .meta({ onlyWith: { solver: ["ancestral"] } }),
    churn: z
      .number()
      .min(0)
      .max(1000)
      .default(40)
      .describe("stochastic: noise added in all, in units of the noise there is")
      .meta({ onlyWith: { solver: ["stochastic"] } }),
    ...(guides && guidanceOptions),
  });

/** The scalars of the step from the i-th level of a grid to the next. */
export function stepScalars(
  { solver: name, eta, churn }: SolverOptions,
  plan: Pick<SolverPlan, "grid" | "i" | "restarts">,
): StepScalars {
  const [here, next] = [plan.grid[plan.i]!, plan.grid[plan.i + 1]!];
  const levels = { alpha: here.alpha, sigma: here.sigma, nextAlpha: next.alpha, nextSigma: next.sigma };
  const solver: Solver = solvers[name];
  return Object.assign(levels, solver.scalars?.({ ...plan, eta, churn }));
}

/** A step of the solver from one level to the next, and D at the last: of any state { y, x: D before, alpha, sigma }. */
export function solverLoop({ denoise, finish }: Pick<SamplerParts, "denoise" | "finish">): SolverLoop {
  const guideOf = (given: Symbolic<SolverOptions>, { condition }: Context): Guide | undefined => {
    const { guidance, guidanceFrom, guidanceTo } = given;
    if (guidance === undefined) return undefined;
    if (!condition)
      throw new ConfigError("guidance: it is towards a condition, got none, expected a class or another condition too");
    return ({ alpha, sigma }) => {
      const ratio = sigma.div(alpha);
      return where(and(greater(ratio, guidanceFrom), lessEqual(ratio, guidanceTo)), guidance, constant(1));
    };
  };

  return {
    step(state, at, given, context) {
      const guide = guideOf(given, context);
      const count = state["y"]!.shape[0]!;
      const next = { alpha: at["nextAlpha"]!, sigma: at["nextSigma"]! };
      const { y, x } = solvers[given.solver].step({
        y: state["y"]!,
        here: { alpha: at["alpha"]!, sigma: at["sigma"]! },
        next,
        at,
        previous: state["x"]!,
        denoise: (noisy, level) => denoise(noisy, level, context, guide),
      });
      return { y, x, alpha: next.alpha.broadcastTo([count]), sigma: next.sigma.broadcastTo([count]) } satisfies Codes;
    },
    finish: ({ y, alpha, sigma }, given, context) =>
      finish(denoise(y!, { alpha: alpha!, sigma: sigma! }, context, guideOf(given, context)).x),
  };
}

export type SolverLoop = Required<Pick<Sampler<SolverOptions>, "step" | "finish">>;

/**
 * Samples by a denoiser: noise at the highest level, one step of the solver for each of the next, and D at the last. So many steps are as
 * many levels: the solvers of second order evaluate the denoiser twice at all but the last.
 */
export function diffusionSampler(parts: SamplerParts): Sampler<DiffusionSamplerOptions> {
  const { shape, process, finish } = parts;
  const options = solverOptions(parts).extend({
    temperature: z.number().min(0).max(100).default(1).describe("factor on the noise that samples start from"),
    // Guidance is an option of some models only, which the type of a schema cannot say.
  }) as unknown as z.ZodType<DiffusionSamplerOptions>;
  const [highest] = process.grid({ steps: 1, rho: 7 }) as [NoisePoint];

  return {
    options,
    schedule(given) {
      checkGuidance(given);
      const grid = process.grid(given);
      return grid.slice(0, -1).map((_, i) => stepScalars(given, { grid, i }));
    },
    start(count, { temperature }) {
      const y = noise.normal([count, ...shape]).mul(temperature.mul(highest.sigma));
      const all = (value: number): Tensor => constant(value).broadcastTo([count]);
      return { y, x: y.mul(0), alpha: all(highest.alpha), sigma: all(highest.sigma) };
    },
    ...solverLoop(parts),
    // y has the variance alpha^2 + sigma^2 where x has the variance 1.
    noisy: ({ y, alpha, sigma }) => finish(y!.mul(over(y!, reciprocal(sqrt(square(alpha!).add(square(sigma!))))))),
  };
}
