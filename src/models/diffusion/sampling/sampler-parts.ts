import type { Tensor } from "../../../graph/tensor.ts";
import type { Context } from "../../../nn/context.ts";
import type { NoiseLevel } from "../noise/noise-level.ts";
import type { NoiseProcess } from "../noise/noise-process.ts";
import type { Denoised } from "../noise/prediction.ts";
import type { Guide, GuidedFrom } from "./guidance.ts";
import type { SolverName } from "./solvers.ts";

/** What a denoiser tells of y [count, ...] at a level of scalars or [count]. */
export type Denoise = (y: Tensor, level: NoiseLevel, context: Context, guide?: Guide) => Denoised;
export interface SamplerParts {
  readonly shape: readonly number[];
  readonly process: NoiseProcess;
  readonly denoise: Denoise;
  /** D as a finished example. */
  readonly finish: (x: Tensor) => Tensor;
  readonly defaults: { readonly solver: SolverName; readonly steps: number };
  /** What guidance is away from; missing where there can be none. */
  readonly guidedFrom?: GuidedFrom | undefined;
  /** Whether D is where a path of the ODE ends, as of consistency models, and not E[x|y]. */
  readonly ends?: boolean;
}
