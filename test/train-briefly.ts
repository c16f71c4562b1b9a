import type { Tensor } from "../src/graph/tensor.ts";
import { type Value, value } from "../src/graph/value.ts";
import type { Model } from "../src/models/model.ts";
import { adam } from "../src/optim/adam.ts";
import { schedule } from "../src/optim/schedule.ts";
import type { Device } from "../src/runtime/device.ts";
import { compileStep } from "../src/training/compile-step.ts";

/** A model's variables after Adam, at a rate that falls to 0, on one batch x [batchSize, ...shape] over and over. */
export async function trainBriefly(
  model: Model,
  options: {
    readonly device: Device;
    readonly x: Float32Array;
    readonly shape: readonly number[];
    readonly steps: number;
    readonly learningRate?: number;
  },
): Promise<Map<Tensor, Value>> {
  const { device, x, shape, steps, learningRate = 0.01 } = options;
  const batchSize = x.length / shape.reduce((a, b) => a * b, 1);
  const optimizer = adam({ learningRate: schedule("cosine", { learningRate, steps }) });
  const step = compileStep(model, { device, shape, batchSize, optimizer });
  await step.initialize(1);
  for (let i = 1; i <= steps; i++)
    await step.run({ inputs: { x, step: Float32Array.of(i) }, seed: 1, step: i, metrics: false });
  const learned = new Map<Tensor, Value>();
  for (const v of step.variables.values())
    learned.set(v, value("float32", v.shape, Float64Array.from((await step.store.read(v)) as Float32Array)));
  await step.release();
  return learned;
}
