import type { Shape } from "../graph/shape.ts";
import type { Variable } from "../graph/tensor.ts";
import type { Model } from "../models/model.ts";
import type { Program, ProgramSpec } from "../runtime/program.ts";
import type { VariableStore } from "../runtime/variables.ts";

/** Rows of a run of a graph. The i-th sample of a seed is the same for any number of samples. */
export const chunk = 64;

export interface Releasable {
  release(): Promise<void>;
}

/** A model with weights on a device, and the graphs that have been compiled for it. */
export interface ModelOnDevice {
  readonly model: Model;
  readonly store: VariableStore;
  /** Of one example. */
  readonly shape: Shape;
  /** Read in place of the parameters they average. */
  readonly emaWeights: ReadonlyMap<Variable, Variable>;
  /** Whether the weights no longer change. */
  readonly frozen: boolean;
  /** The value of this key, made at its first use. */
  kept<T extends Releasable>(key: string, make: () => T): T;
  /** A program over the model's variables, compiled at the first use of this key. */
  program(key: string, make: () => Omit<ProgramSpec, "emaWeights">): Program;
}
