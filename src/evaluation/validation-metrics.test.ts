import { beforeAll, describe, expect, test } from "vitest";
import { createDataset } from "../data/dataset.ts";
import { split as splitDataset, whole } from "../data/split.ts";
import { UnsupportedOpError } from "../errors.ts";
import { noise, Variable } from "../graph/tensor.ts";
import type { Model } from "../models/model.ts";
import type { Device } from "../runtime/device.ts";
import { cpuDevice } from "../runtime/node.ts";
import { createVariables } from "../runtime/variables.ts";
import { TrainedModel } from "./trained-model.ts";
import { validationMetrics } from "./validation-metrics.ts";

let device: Device;
beforeAll(async () => {
  device = await cpuDevice(1);
});

const size = 23;
const values = Float32Array.from({ length: 2 * size }, (_, i) => Math.sin(i) / 2 + 0.5);
const data = () => createDataset({ name: "d", description: "d", shape: [2], size, values, range: [0, 1] });

describe("validationMetrics", () => {
  const weight = new Variable([], { kind: "constant", value: 3 });
  const averaged = new Variable([], { kind: "constant", value: 5 });
  const model: Model = {
    objectives: () => [],
    validation: (x) => ({
      weighted: x.sum(1).mul(weight),
      first: x.mul(x).sum(1),
      sampled: noise.normal([x.shape[0]!]),
    }),
  };
  const trainedOf = async (options: { readonly first?: number; readonly average?: boolean } = {}) => {
    const { first = 3, average = false } = options;
    const store = createVariables(device, [weight, averaged]);
    await store.write(weight, Float32Array.of(first));
    await store.write(averaged, Float32Array.of(5));
    const emaWeights = new Map(average ? [[weight, averaged]] : []);
    return new TrainedModel(model, { store, shape: [2], emaWeights });
  };
  const metricsOf = async (trained: TrainedModel, batchSize?: number) => {
    const split = whole(await data());
    return validationMetrics(trained, { split, binarize: "none", ...(batchSize !== undefined && { batchSize }) });
  };
  const sum = values.reduce((a, b) => a + b, 0);

  // 23 = 4 * 5 + 3: the last batch is short.
  test.each([5, 23, 1, 500])("gives means over all examples in batches of %i", async (batchSize) => {
    const metrics = await metricsOf(await trainedOf(), batchSize);
    expect(Object.keys(metrics)).toEqual(["weighted", "first", "sampled"]);
    expect(metrics["weighted"]).toBeCloseTo((3 * sum) / size, 5);
    expect(metrics["first"]).toBeCloseTo(values.reduce((a, b) => a + b * b, 0) / size, 5);
  });

  // A sorted file: the spread of neighbors is not that of all examples.
  test("compares examples in a random order where a metric compares those of a batch", async () => {
    const count = 400;
    const sorted = Float32Array.from({ length: count }, (_, i) => i / count);
    const dataset = createDataset({
      name: "d",
      description: "d",
      shape: [1],
      size: count,
      values: sorted,
      range: [0, 1],
    });
    const spread: Model = {
      objectives: () => [],
      validation: (x) => ({
        variance: x
          .sub(x.mean(0))
          .mul(x.sub(x.mean(0)))
          .mean(0)
          .broadcastTo([x.shape[0]!]),
      }),
    };
    const trained = new TrainedModel(spread, { store: createVariables(device, []), shape: [1] });
    const { variance } = await validationMetrics(trained, {
      split: whole(await dataset),
      binarize: "none",
      batchSize: 50,
    });
    expect(variance).toBeGreaterThan(0.9 / 12);
  });

  test("repeats the model's own samples, and compiles once", async () => {
    const trained = await trainedOf();
    const once = await metricsOf(trained, 5);
    expect(await metricsOf(trained, 5)).toEqual(once);
    expect(trained.compiledCount).toBe(1);
    expect(await metricsOf(await trainedOf(), 5)).toEqual(once);
    expect(once["sampled"]).not.toBe(0);
  });

  test("reads EMA weights where there are some", async () => {
    expect((await metricsOf(await trainedOf({ average: true })))["weighted"]).toBeCloseTo((5 * sum) / size, 5);
  });

  test("counts the examples of the split alone", async () => {
    const { validation } = splitDataset(await data(), { validation: 4 });
    const trained = await trainedOf({ first: 1 });
    const metrics = await validationMetrics(trained, { split: validation, binarize: "none" });
    const own = Array.from(validation.indices, (i) => values[2 * i]! + values[2 * i + 1]!);
    expect(metrics["weighted"]).toBeCloseTo(own.reduce((a, b) => a + b) / 4, 5);
  });

  test("refuses a model without metrics in one line", async () => {
    const trained = new TrainedModel({ objectives: () => [] }, { store: createVariables(device, []), shape: [2] });
    await expect(metricsOf(trained)).rejects.toThrow(UnsupportedOpError);
    await expect(metricsOf(trained)).rejects.toThrow(/^evaluate: [^\n]*, got a model that reports no metrics[^\n]*$/);
  });
});
