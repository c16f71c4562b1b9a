import { expect, test } from "vitest";
import { Batches } from "./batches.ts";
import { createDataset } from "./dataset.ts";
import { dequantized, levelWidth } from "./dequantize.ts";
import { whole } from "./split.ts";

const size = 5000;
const bytes = Uint8Array.from({ length: size }, (_, i) => [0, 4, 16][i % 3]!);
const split = async (values: Uint8Array | Float32Array) =>
  whole(await createDataset({ name: "rows", description: "", shape: [1], size, values, range: [0, 16] }));

test("every value is uniform over the cell of its level, centered at it", async () => {
  const levels = await split(bytes);
  expect(levelWidth(levels)).toBe(1 / 16);
  const batches = new Batches(dequantized(levels, 3), { batchSize: size, purpose: "evaluation" });
  const x = new Float32Array(size);
  batches.fillExamples(x, { epoch: 0, index: 0 });
  const places = x.map((v, i) => (v - bytes[i]! / 16) * 16);
  expect(Math.min(...places)).toBeGreaterThanOrEqual(-0.5 - 1e-5);
  expect(Math.max(...places)).toBeLessThanOrEqual(0.5 + 1e-5);
  const mean = (values: Float32Array): number => values.reduce((a, b) => a + b, 0) / size;
  // A uniform variable's mean and variance; four standard errors.
  expect(Math.abs(mean(places))).toBeLessThan(4 / Math.sqrt(12 * size));
  expect(Math.abs(mean(places.map((v) => v * v)) - 1 / 12)).toBeLessThan(4 / Math.sqrt(180 * size));
});

test("real numbers have no levels", async () => {
  const real = await split(Float32Array.from(bytes));
  expect(levelWidth(real)).toBeUndefined();
  expect(() => dequantized(real, 0)).toThrow("rows: values have no levels");
});
