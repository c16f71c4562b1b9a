import { beforeAll, expect, test } from "vitest";
import { Normal } from "../../distributions/normal.ts";
import { constant, Variable } from "../../graph/tensor.ts";
import type { Model } from "../../models/model.ts";
import { relu } from "../../ops/elementwise.ts";
import { sum } from "../../ops/reduction.ts";
import type { Device } from "../../runtime/device.ts";
import { cpuDevice } from "../../runtime/node.ts";
import { createVariables } from "../../runtime/variables.ts";
import { countDeadUnits } from "./dead-units.ts";

let cpu: Device;
beforeAll(async () => {
  cpu = await cpuDevice(1);
});

test("a unit is dead where no example, and no place of an image, makes it more than 0", async () => {
  // Channels: positive somewhere, positive for the second example alone, nowhere.
  const x = Float32Array.of(-1, 2, -1, -1, -3, 0, -1, -1, 0.5, -1, -3, -2);
  const store = createVariables(cpu, []);
  const model = { objectives: () => [], reconstruct: relu };
  expect(await countDeadUnits(model, { store, x, shape: [3, 1, 2] })).toEqual({ dead: 1, units: 3, examples: 2 });
});

test("weights decide, averaged ones where they are kept", async () => {
  const [w, average] = [
    new Variable([2], { kind: "constant", value: 0 }),
    new Variable([2], { kind: "constant", value: 0 }),
  ];
  const store = createVariables(cpu, [w, average]);
  await store.write(w, Float32Array.of(-1, -1));
  await store.write(average, Float32Array.of(1, -1));
  const model = {
    objectives: () => [],
    reconstruct: (x: Parameters<typeof relu>[0]) => relu(sum(x, 1, true).mul(w)),
  };
  const examined = { store, x: Float32Array.of(1, 2, 3, 4), shape: [2] };
  expect(await countDeadUnits(model, examined)).toMatchObject({ dead: 2, units: 2 });
  expect(await countDeadUnits(model, { ...examined, emaWeights: new Map([[w, average]]) })).toMatchObject({ dead: 1 });
});

test("a model without a rectifier has none to count", async () => {
  const store = createVariables(cpu, []);
  const examined = { store, x: Float32Array.of(1), shape: [1] };
  expect(await countDeadUnits({ objectives: () => [], reconstruct: (x) => x.mul(2) }, examined)).toBeUndefined();
  const decoder: Model = { objectives: () => [], decode: () => new Normal(constant(0), 1) };
  expect(await countDeadUnits(decoder, examined)).toBeUndefined();
});
