import "../ops/methods.ts";
import type { Shape } from "../graph/shape.ts";
import { Input } from "../graph/tensor.ts";
import type { Model, Objective } from "../models/model.ts";
import { TrainingContext } from "../nn/context.ts";
import { variables } from "../nn/module.ts";
import type { Optimizer } from "../optim/optimizer.ts";
import type { Device } from "../runtime/device.ts";
import { TrainingStep } from "./step.ts";

/**
 * The training step of a model on batches of one size, [batchSize, ...shape]. Its variables have no values yet: draw them
 * with `initialize`, or put a checkpoint's in place.
 */
export function compileStep(
  model: Model,
  options: {
    readonly device: Device;
    readonly shape: Shape;
    readonly batchSize: number;
    /** Of every objective, or what makes that of each. */
    readonly optimizer: Optimizer | ((objective: Objective) => Optimizer);
    /** Batches whose gradients are averaged before each change of the weights; 1 when missing. */
    readonly accumulate?: number;
    /** The share of the examples that have labels, for a model that learns from both kinds; 1 when missing. */
    readonly labelledShare?: number;
  },
): TrainingStep {
  const { device, shape, batchSize, optimizer, accumulate = 1, labelledShare = 1 } = options;
  const context = new TrainingContext();
  const batch = {
    x: new Input("x", [batchSize, ...shape]),
    step: new Input("step", []),
    ...(model.classes !== undefined && { label: new Input("label", [batchSize], "int64"), labelledShare }),
  };
  const [first, ...others] = model.objectives(batch, context);
  // Statistics that layers update are part of the first objective's run.
  const updates = new Map([...context.updates, ...(first?.updates ?? [])]);
  return new TrainingStep({
    device,
    optimizer,
    accumulate,
    variables: variables(model),
    objectives: first ? [{ ...first, updates }, ...others] : [],
  });
}
