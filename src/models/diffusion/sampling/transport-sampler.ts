import { z } from "zod";
import { constant, type Tensor } from "../../../graph/tensor.ts";
import type { Context } from "../../../nn/context.ts";
import type { Sampler, Symbolic } from "../../sampler.ts";
import { solverLoop, solverOptions, type SolverOptions, stepScalars } from "./diffusion-sampler.ts";
import { checkGuidance } from "./guidance.ts";
import type { SamplerParts } from "./sampler-parts.ts";

export type TransportOptions = Pick<SolverOptions, "steps" | "guidance" | "guidanceFrom" | "guidanceTo"> & {
  readonly solver: "heun" | "euler";
};

/**
 * From an example of one distribution to one of another by the ODE dy = v(y, t) dt from t = 1, where y is the `source`, to 0 (Liu et al. 2023,
 * arXiv:2209.03003, section 2, whose time runs the other way): solvers that add no noise, so that the same source has the same end.
 */
export function transportSampler(parts: SamplerParts, source: (context: Context) => Tensor): Sampler<TransportOptions> {
  const loop = solverLoop(parts);
  const { rho: _, eta: __, churn: ___, ...shape } = solverOptions(parts).shape;
  const solver = z
    .enum(["heun", "euler"])
    .default("heun")
    .describe("step between times; heun: second order; euler: first order");
  const complete = (options: TransportOptions): SolverOptions => ({ rho: 7, eta: 1, churn: 0, ...options });
  // A step reads no more of them than there is.
  const symbolic = (options: Symbolic<TransportOptions>) => options as unknown as Symbolic<SolverOptions>;
  return {
    options: z.strictObject({ ...shape, solver }),
    schedule(options) {
      const given = complete(options);
      checkGuidance(given, parts.guidedFrom);
      const grid = parts.process.grid(given);
      return grid.slice(0, -1).map((_point, i) => stepScalars(given, { grid, i }));
    },
    start(count, _options, context) {
      const y = source(context);
      const all = (value: number): Tensor => constant(value).broadcastTo([count]);
      return { y, x: y.mul(0), alpha: all(0), sigma: all(1) };
    },
    step: (state, at, options, context) => loop.step(state, at, symbolic(options), context),
    finish: (state, options, context) => loop.finish(state, symbolic(options), context),
  };
}
