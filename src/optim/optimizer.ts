import type { Tensor } from "../graph/tensor.ts";

/** A learning rate: one number, or a function of the step, which counts from 1. */
export type LearningRate = number | ((step: number) => number);

export const rateAt = (rate: LearningRate, step: number): number => (typeof rate === "number" ? rate : rate(step));

/** When an update happens, and to what. */
export interface UpdatePoint {
  /** The run's step, from 1: what schedules go by. */
  readonly step: number;
  /**
   * Updates of this parameter so far, this one included: what bias corrections go by. It differs from `step` where an
   * objective runs in every n-th step only, or several times a step.
   */
  readonly updates: number;
  /** Whether weight decay applies to the parameter (matrices and kernels; not biases and scales). */
  readonly decays: boolean;
}

export interface Slot {
  /** What a slot holds before the first step. */
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
 * A rule for changing weights, written once as elementwise expressions. On a CPU it becomes one WebAssembly pass over
 * flat memory, on a GPU nodes of the step's graph. Wrappers (clipping, averaging) are optimizers made from optimizers.
 */
export interface Optimizer {
  readonly name: string;
  readonly slots: Readonly<Record<string, Slot>>;
  /** Numbers of an update, computed in float64 on the host; always of the same names. */
  scalars(at: UpdatePoint): Readonly<Record<string, number>>;
  /** The step in the paper's symbols. `scalars` also holds `gradientNorm` where `needsGradientNorm` is set. */
  update(at: UpdateArguments): UpdateResult;
  /** Whether the update reads the Euclidean norm of all gradients of its objective together. */
  readonly needsGradientNorm?: boolean;
}

export const scalarNames = (optimizer: Optimizer): readonly string[] =>
  Object.keys(optimizer.scalars({ step: 1, updates: 1, decays: true }));
