import type { Tensor } from "../graph/tensor.ts";

/** A learning rate: a constant, or a schedule of the step, which counts from 1. */
export type LearningRate = number | ((step: number) => number);

export const rateAt = (rate: LearningRate, step: number): number => (typeof rate === "number" ? rate : rate(step));

/** The step of an update and properties of its parameter. */
export interface UpdatePoint {
  /** The run's step, from 1, for schedules. */
  readonly step: number;
  /**
   * Number of updates of this parameter, this one included, for bias corrections. It differs from `step` where an objective is optimized only in
   * every n-th step, or several times per step.
   */
  readonly updates: number;
  /** Whether weight decay applies to the parameter: to matrices and kernels, not to biases and scales. */
  readonly decays: boolean;
}

export interface Slot {
  /** Initial value of the slot. */
  readonly initial: "zeros" | "parameter";
}

export interface UpdateArguments {
  readonly parameter: Tensor;
  readonly gradient: Tensor;
  readonly slots: Readonly<Record<string, Tensor>>;
  readonly scalars: Readonly<Record<string, Tensor>>;
}
export interface UpdateResult {
  readonly parameter: Tensor;
  readonly slots: Readonly<Record<string, Tensor>>;
}

/**
 * An optimizer: an update rule of elementwise expressions. On a CPU it is compiled to one WebAssembly pass over flat memory, on a GPU to nodes
 * of the step's graph. Wrappers (gradient clipping, EMA weights) are functions from optimizers to optimizers.
 */
export interface Optimizer {
  readonly name: string;
  readonly slots: Readonly<Record<string, Slot>>;
  /** Scalars of an update, computed in float64 on the host; the names do not depend on the arguments. */
  scalars(at: UpdatePoint): Readonly<Record<string, number>>;
  /** The update in the paper's symbols. `scalars` includes `gradientNorm` where `needsGradientNorm` is set. */
  update(at: UpdateArguments): UpdateResult;
  /** Whether the update needs the global norm of the gradients of its objective. */
  readonly needsGradientNorm?: boolean;
  /** Where a larger norm, or one that is no number, makes the update leave everything as it is. */
  readonly skipsAbove?: number;
}

export const scalarNames = (optimizer: Optimizer): readonly string[] =>
  Object.keys(optimizer.scalars({ step: 1, updates: 1, decays: true }));
