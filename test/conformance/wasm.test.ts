import { expect, test } from "vitest";
import { cpuDevice } from "../../src/runtime/node.ts";
import { wasmDevice } from "../../src/runtime/web.ts";
import { describeDevice, describeFloat64 } from "./describe-device.ts";
import { trainRegression } from "./mlp-regression.ts";

describeDevice("wasm", wasmDevice, { order: 2, perSession: 64 });
describeFloat64("wasm", wasmDevice);

/** Two devices sum products in other orders; twenty steps let float32's 6e-8 grow. */
const tolerance = 1e-4;

test("twenty steps of a network agree with the CPU's, and it learns", async () => {
  const trained = await trainRegression(await wasmDevice());
  const expected = await trainRegression(await cpuDevice(1));
  expect(trained.losses.at(-1)).toBeLessThan(0.6 * trained.losses[0]!);
  expect(Object.keys(trained.state)).toEqual(Object.keys(expected.state));
  for (const [name, values] of Object.entries(expected.state))
    values.forEach((v, i) => expect(Math.abs(trained.state[name]![i]! - v), `${name}[${i}]`).toBeLessThan(tolerance));
});
