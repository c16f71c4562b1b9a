import { expect, test } from "vitest";
import { constant, type Tensor } from "../../graph/tensor.ts";
import type { Model } from "../../models/model.ts";
import { matmul } from "../../ops/linalg.ts";
import { mean } from "../../ops/reduction.ts";
import { cpuDevice } from "../../runtime/node.ts";
import { createVariables } from "../../runtime/variables.ts";
import { largestActivation } from "./activations.ts";

const product = (x: Tensor, by: number): Tensor => matmul(x, constant([by, 0, 0, by], [2, 2], "float32"));

test("the layer of the largest output, with its root mean square and that of the examples", async () => {
  const model: Model = {
    objectives: () => [],
    validation: (x) => ({ loss: mean(product(product(product(x, 3), 100), 0.001), [1]) }),
  };
  const store = createVariables(await cpuDevice(1), []);
  const found = await largestActivation(model, { store, x: Float32Array.of(1, -1, 1, 1), shape: [2] });
  expect(found).toEqual({ rms: expect.closeTo(300, 3), layer: "MatMul to [2]", input: 1 });
});

test("nothing is said of models without validation metrics or without layers", async () => {
  const store = createVariables(await cpuDevice(1), []);
  const of = (model: Model) => largestActivation(model, { store, x: Float32Array.of(1, 2), shape: [2] });
  expect(await of({ objectives: () => [] })).toBeUndefined();
  expect(await of({ objectives: () => [], validation: (x) => ({ loss: mean(x, [1]) }) })).toBeUndefined();
});
