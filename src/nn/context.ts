import { substitute } from "../graph/traverse.ts";
import type { Tensor, Variable } from "../graph/tensor.ts";

/**
 * What a batch is conditioned on, by field: a class as int64 [batch] (-1 for none), attributes, numbers or another example as
 * float32 [batch, ...shape].
 */
export type Condition = Readonly<Record<string, Tensor>>;

/** What a network needs to know of the graph it is part of. One for each objective of a training step, one for evaluation. */
export interface Context {
  /** Whether dropout drops and batch normalization uses the batch's own statistics. */
  readonly training: boolean;
  /** Absent where nothing is given: an unconditional sample, or the unconditional half of classifier-free guidance. */
  readonly condition?: Condition | undefined;
  /** States that the run gives a variable (a running statistic, a codebook) a new value. */
  update(variable: Variable, value: Tensor): void;
}

/** One objective of a training step; the step gives `updates` to the runtime beside the gradients. */
export class TrainingContext implements Context {
  readonly training = true;
  readonly condition: Condition | undefined;
  readonly updates = new Map<Variable, Tensor>();

  constructor(condition?: Condition) {
    this.condition = condition;
  }

  /** A second update of the same variable builds on the first. */
  update(variable: Variable, value: Tensor): void {
    const earlier = this.updates.get(variable);
    this.updates.set(variable, earlier ? substitute([value], new Map([[variable, earlier]]))[0]! : value);
  }
}

/** Sampling, scoring and export: nothing is dropped and nothing changes. */
export const evaluation: Context = {
  training: false,
  update: () => {
    throw new Error("evaluation: a layer updated a variable outside training");
  },
};

/** The same context for examples of another condition, or of none. */
export const conditioned = (context: Context, condition: Condition | undefined): Context => ({
  training: context.training,
  condition,
  update: (variable, value) => context.update(variable, value),
});
