import { beforeAll, describe, expect, test } from "vitest";
import { createDataset } from "../data/dataset.ts";
import { split as splitDataset, whole } from "../data/split.ts";
import { UnsupportedOpError } from "../errors.ts";
import { noise, Variable } from "../graph/tensor.ts";
import type { Model } from "../models/model.ts";
import type { Device } from "../runtime/device.ts";
import { cpuDevice } from "../runtime/node.ts";
import { createVariables } from "../runtime/variables.ts";
import { ScoreEvaluator } from "./validation-metrics.ts";

let device: Device;
beforeAll(async () => {
  device = await cpuDevice(1);
});

const size = 23;
const values = Float32Array.from({ length: 2 * size }, (_, i) => Math.sin(i) / 2 + 0.5);
const data = () => createDataset({ name: "d", description: "d", shape: [2], size, values, range: [0, 1] });

describe("ScoreEvaluator", () => {
  const weight = new Variable([], { kind: "constant", value: 3 });
  const averaged = new Variable([], { kind: "constant", value: 5 });
  const model: Model = {
    objectives: () => [],
    scores: (x) => ({ weighted: x.sum(1).mul(weight), first: x.mul(x).sum(1), drawn: noise.normal([x.shape[0]!]) }),
  };
  const evaluator = async (options: { readonly batchSize?: number; readonly average?: boolean } = {}) => {
    const { average = false, ...rest } = options;
    const store = createVariables(device, [weight, averaged]);
    await store.write(weight, Float32Array.of(3));
    await store.write(averaged, Float32Array.of(5));
    const emaWeights = new Map(average ? [[weight, averaged]] : []);
    return new ScoreEvaluator({ model, store, split: whole(await data()), binarize: "none", emaWeights, ...rest });
  };
  const sum = values.reduce((a, b) => a + b, 0);

  // 23 = 4 * 5 + 3: the last batch is short.
  test.each([5, 23, 1, 500])("gives means over all examples in batches of %i", async (batchSize) => {
    const scores = await (await evaluator({ batchSize })).run();
    expect(Object.keys(scores)).toEqual(["weighted", "first", "drawn"]);
    expect(scores["weighted"]).toBeCloseTo((3 * sum) / size, 5);
    expect(scores["first"]).toBeCloseTo(values.reduce((a, b) => a + b * b, 0) / size, 5);
  });

  test("repeats the model's own draws", async () => {
    const scores = await evaluator({ batchSize: 5 });
    const once = await scores.run();
    expect(await scores.run()).toEqual(once);
    expect(await (await evaluator({ batchSize: 5 })).run()).toEqual(once);
    expect(once["drawn"]).not.toBe(0);
  });

  test("reads averaged weights where there are some", async () => {
    expect((await (await evaluator({ average: true })).run())["weighted"]).toBeCloseTo((5 * sum) / size, 5);
  });

  test("counts the examples of the split alone", async () => {
    const { validation } = splitDataset(await data(), { validation: 4 });
    const store = createVariables(device, [weight]);
    await store.write(weight, Float32Array.of(1));
    const scores = await new ScoreEvaluator({ model, store, split: validation, binarize: "none" }).run();
    const own = Array.from(validation.indices, (i) => values[2 * i]! + values[2 * i + 1]!);
    expect(scores["weighted"]).toBeCloseTo(own.reduce((a, b) => a + b) / 4, 5);
  });

  test("refuses a model without figures in one line", async () => {
    const parts = { store: createVariables(device, []), split: whole(await data()), binarize: "none" as const };
    expect(() => new ScoreEvaluator({ model: { objectives: () => [] }, ...parts })).toThrow(UnsupportedOpError);
  });
});
