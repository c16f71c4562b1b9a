import { expect, test } from "vitest";
import { Variable } from "../../graph/tensor.ts";
import type { Model } from "../../models/model.ts";
import { mean } from "../../ops/reduction.ts";
import { cpuDevice } from "../../runtime/node.ts";
import { createVariables } from "../../runtime/variables.ts";
import { averageLag } from "./average-lag.ts";

test("the metric with the averages and with the weights themselves; nothing without averages", async () => {
  const [w, average] = [0, 0].map((value) => new Variable([1], { kind: "constant", value })) as [Variable, Variable];
  const store = createVariables(await cpuDevice(1), [w, average]);
  await store.write(w, Float32Array.of(3));
  await store.write(average, Float32Array.of(2));
  const model: Model = { objectives: () => [], validation: (x) => ({ loss: mean(x.mul(w), [1]) }) };
  const examined = { store, x: Float32Array.of(1, 1, 3, 3), shape: [2] };
  const found = await averageLag(model, { ...examined, emaWeights: new Map([[w, average]]) });
  expect(found).toEqual({ metric: "loss", averaged: 4, last: 6 });
  expect(await averageLag(model, { ...examined, emaWeights: new Map() })).toBeUndefined();
});
