import { z } from "zod";
import { ConfigError } from "../../../errors.ts";
import { constant, noise, type Tensor } from "../../../graph/tensor.ts";
import { reciprocal, sqrt, square } from "../../../ops/arithmetic.ts";
import type { Codes } from "../../latent.ts";
import type { Sampler, StepScalars } from "../../sampler.ts";
import { type NoisePoint, over } from "../noise/noise-level.ts";
import { adaptiveSolver } from "./adaptive-solver.ts";
import { checkGuidance, guidanceOptions, type GuidanceOptions, guideOf } from "./guidance.ts";
import type { SamplerParts } from "./sampler-parts.ts";
import { type Solver, type SolverName, solverNames, type SolverPlan, solvers } from "./solvers.ts";

/** How samples go from noise level to noise level: chosen anew for every sample. */
export interface SolverOptions extends GuidanceOptions {
  readonly steps: number;
  readonly solver: SolverName;
  readonly rho: number;
  readonly eta: number;
  readonly churn: number;
}

export interface DiffusionSamplerOptions extends Omit<SolverOptions, "solver"> {
  readonly solver: SolverName | "adaptive";
  readonly temperature: number;
  readonly tolerance: number;
  readonly mostSteps: number;
}

const solverHelp =
  "step between noise levels; heun: second order; euler, ddim: first order; dpm-solver++: second order from one evaluation; ancestral: with new noise in every step, DDPM's; stochastic: heun with noise added before each step, EDM's; renoise: D with new noise, of consistency models";

/** The schema of SolverOptions. */
export const solverOptions = ({ defaults }: Pick<SamplerParts, "defaults">) =>
  z.strictObject({
    steps: z.int().positive().max(10_000).default(defaults.steps).describe("noise levels that samples go through"),
    solver: z.enum(solverNames).default(defaults.solver).describe(solverHelp),
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
    ...guidanceOptions,
  });

/** The schema of DiffusionSamplerOptions. */
function samplerOptions(parts: Pick<SamplerParts, "defaults">) {
  const { shape } = solverOptions(parts);
  const names = [...solverNames, "adaptive"] as const;
  const fixed = { onlyWith: { solver: [...solverNames] } };
  return z.strictObject({
    ...shape,
    steps: shape.steps.meta({ ...shape.steps.meta(), ...fixed }),
    rho: shape.rho.meta({ ...shape.rho.meta(), ...fixed }),
    solver: z
      .enum(names)
      .default(parts.defaults.solver)
      .describe(`${solverHelp}; adaptive: third order, with steps of its own for each sample by a tolerance`),
    tolerance: z
      .number()
      .min(1e-6)
      .max(1)
      .default(1e-3)
      .describe("adaptive: error of each step, beside values of the order of 1")
      .meta({ onlyWith: { solver: ["adaptive"] } }),
    mostSteps: z
      .int()
      .positive()
      .max(100_000)
      .default(1000)
      .describe("adaptive: steps at most, of three evaluations of the denoiser each; samples with more are an error")
      .meta({ onlyWith: { solver: ["adaptive"] } }),
    temperature: z.number().min(0).max(100).default(1).describe("factor on the noise that samples start from"),
  });
}

/** Throws ConfigError for guidance that there cannot be, and for a solver that D is not for. */
export function checkSolving(
  given: GuidanceOptions & { readonly solver: string },
  { guidedFrom, ends = false }: Pick<SamplerParts, "guidedFrom" | "ends">,
): void {
  checkGuidance(given, guidedFrom);
  if (ends && given.solver !== "renoise")
    throw new ConfigError(
      `solver: D of a consistency model is where a path ends, not E[x|y], got ${given.solver}, expected renoise`,
    );
}

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
export function solverLoop({
  denoise,
  finish,
  guidedFrom,
}: Pick<SamplerParts, "denoise" | "finish" | "guidedFrom">): SolverLoop {
  return {
    step(state, at, given, context) {
      const guide = guideOf(given, context, guidedFrom);
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
      finish(denoise(y!, { alpha: alpha!, sigma: sigma! }, context, guideOf(given, context, guidedFrom)).x),
  };
}

export type SolverLoop = Required<Pick<Sampler<SolverOptions>, "step" | "finish">>;

/**
 * Samples by a denoiser: noise at the highest level, one step of the solver for each of the next, and D at the last. So many steps are as
 * many levels: the solvers of second order evaluate the denoiser twice at all but the last. The adaptive solver chooses its own.
 */
export function diffusionSampler(parts: SamplerParts): Sampler<DiffusionSamplerOptions> {
  const { shape, process, finish } = parts;
  const [highest] = process.grid({ steps: 1, rho: 7 }) as [NoisePoint];
  const loop = solverLoop(parts);
  const adaptive = adaptiveSolver(parts);

  return {
    options: samplerOptions(parts),
    solvers: parts.defaults.solver === "renoise" ? ["renoise"] : ["ancestral", "ddim", "heun", "dpm-solver++"],
    passes: ({ steps, solver, guidance }) =>
      solver === "adaptive"
        ? undefined
        : ((steps - 1) * solvers[solver].evaluations + 1) * (guidance === undefined ? 1 : 2),
    schedule(given) {
      checkSolving(given, parts);
      if (given.solver === "adaptive") return Array.from({ length: given.mostSteps }, () => ({}));
      const fixed = { ...given, solver: given.solver };
      const grid = process.grid(fixed);
      return grid.slice(0, -1).map((_, i) => stepScalars(fixed, { grid, i }));
    },
    start(count, given, context) {
      if (given.solver === "adaptive") return adaptive.start(count, given, context);
      const y = noise.normal([count, ...shape]).mul(given.temperature.mul(highest.sigma));
      const all = (value: number): Tensor => constant(value).broadcastTo([count]);
      return { y, x: y.mul(0), alpha: all(highest.alpha), sigma: all(highest.sigma) };
    },
    step(state, at, given, context) {
      const { solver } = given;
      return solver === "adaptive"
        ? adaptive.step(state, at, given, context)
        : loop.step(state, at, { ...given, solver }, context);
    },
    finish(state, given, context) {
      const { solver } = given;
      return solver === "adaptive"
        ? adaptive.finish(state, given, context)
        : loop.finish(state, { ...given, solver }, context);
    },
    // y has the variance alpha^2 + sigma^2 where x has the variance 1.
    noisy: ({ y, alpha, sigma }) => finish(y!.mul(over(y!, reciprocal(sqrt(square(alpha!).add(square(sigma!))))))),
    pending: (state) => (state["slope"] ? adaptive.pending(state) : undefined),
    report: (state) => (state["slope"] ? adaptive.report(state) : {}),
  };
}
