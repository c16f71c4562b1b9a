import { substitute } from "../graph/traverse.ts";
import type { Tensor, Variable } from "../graph/tensor.ts";

/** What a layer needs to know about the run it is built for. */
export interface Context {
  /** Whether dropout drops and batch normalization uses the batch's own statistics. */
  readonly training: boolean;
  /** States that the run gives a variable (a running statistic) a new value. */
  update(variable: Variable, value: Tensor): void;
}

/** A training run; the step gives `updates` to the runtime beside the gradients. */
export class TrainingContext implements Context {
  readonly training = true;
  readonly updates = new Map<Variable, Tensor>();

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
