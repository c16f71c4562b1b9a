import { ConfigError } from "../errors.ts";
import type { Shape } from "../graph/shape.ts";
import { Input } from "../graph/tensor.ts";
import { conditionOf, dataFields } from "../models/conditioning.ts";
import type { Model, Objective } from "../models/model.ts";
import { TrainingContext } from "../nn/context.ts";
import { variables } from "../nn/module.ts";
import type { Optimizer } from "../optim/optimizer.ts";
import type { Device } from "../runtime/device.ts";
import { fieldInputs } from "./batch-inputs.ts";
import { TrainingStep } from "./step.ts";

/**
 * The training step of a model on batches of one size, [batchSize, ...shape]. Its variables have no values yet: sample them
 * with `initialize`, or put a checkpoint's in place.
 *
 * @example
 * const { train: examples } = await digitsSource({ size: 500 });
 * const shape = [1, 28, 28];
 * const model = vae.build(vae.config.parse({ latentDim: 2 }), dataSpec(shape));
 * const [device, optimizer] = [await cpuDevice(), adam({ learningRate: 1e-3 })];
 * const step = compileStep(model, { device, shape, batchSize: 64, optimizer });
 * await step.initialize(0);
 * const batches = new Batches(examples, { batchSize: 64, purpose: "training", binarize: "dynamic" });
 * for await (const { metrics } of fit({ step, batches, seed: 0, steps: 20 })) if (metrics) console.log(metrics.negElbo);
 * await step.release();
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
    /** The fraction of the examples whose class is known, for a model that learns from both kinds; 1 when missing. */
    readonly labeledFraction?: number;
  },
): TrainingStep {
  const { device, shape, batchSize, optimizer, accumulate = 1, labeledFraction = 1 } = options;
  const x = new Input("x", [batchSize, ...shape]);
  const fields = conditionOf(model, fieldInputs(dataFields(model), batchSize), x);
  const contexts = new Map<string, TrainingContext>();
  const contextOf = (objective: string): TrainingContext => {
    let context = contexts.get(objective);
    if (!context) contexts.set(objective, (context = new TrainingContext(fields)));
    return context;
  };
  const objectives = model.objectives({ x, fields, labeledFraction, step: new Input("step", []) }, contextOf);
  const names = new Set(objectives.map(({ name }) => name));
  for (const [name, { updates }] of contexts)
    if (updates.size > 0 && !names.has(name))
      throw new ConfigError(
        `step: a context is of no objective, got ${name}, expected one of ${[...names].join(", ")}`,
      );
  return new TrainingStep({
    device,
    optimizer,
    accumulate,
    variables: variables(model),
    objectives: objectives.map((objective) => Object.assign(objective, { updates: contextOf(objective.name).updates })),
  });
}
