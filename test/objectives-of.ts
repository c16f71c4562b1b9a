import { constant, type Tensor } from "../src/graph/tensor.ts";
import type { Batch, Model } from "../src/models/model.ts";
import { TrainingContext } from "../src/nn/context.ts";
import type { StepObjective } from "../src/training/objective-graph.ts";

/** A model's objectives on a batch x, each with a context of its own, as in a training step. */
export function objectivesOf(model: Model, x: Tensor, more: Partial<Omit<Batch, "x">> = {}): readonly StepObjective[] {
  const batch: Batch = { x, fields: {}, labeledFraction: 1, step: constant(1), ...more };
  const contexts = new Map<string, TrainingContext>();
  const contextOf = (objective: string): TrainingContext => {
    const context = contexts.get(objective) ?? new TrainingContext(batch.fields);
    contexts.set(objective, context);
    return context;
  };
  return model
    .objectives(batch, contextOf)
    .map((objective) => Object.assign(objective, { updates: contextOf(objective.name).updates }));
}
