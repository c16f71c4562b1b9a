import { describe, expect, test } from "vitest";
import { noiseValues } from "../../test/noise-values.ts";
import { evaluate } from "../graph/evaluate.ts";
import { constant } from "../graph/tensor.ts";
import { compute } from "../runtime/compute.ts";
import { cpuDevice } from "../runtime/node.ts";
import { StudentT } from "./index.ts";

// P(|t| < x) in closed form: 2 atan(x) / pi of one degree of freedom, x / sqrt(2 + x^2) of two,
// 2 (atan(x / sqrt 3) + sqrt 3 x / (3 + x^2)) / pi of three.
test.each([
  [1, 1, 1 / 2],
  [1, 10, (2 * Math.atan(10)) / Math.PI],
  [2, 1, 1 / Math.sqrt(3)],
  [2, 5, 5 / Math.sqrt(27)],
  [3, 1, (2 / Math.PI) * (Math.PI / 6 + Math.sqrt(3) / 4)],
  [3, 4, (2 / Math.PI) * (Math.atan(4 / Math.sqrt(3)) + (4 * Math.sqrt(3)) / 19)],
])("samples of %d degrees of freedom are within %d as often as the distribution says", (df, x, probability) => {
  const sampled = new StudentT(df, constant(0.5), 2).sample([40_000]);
  const [found] = evaluate([sampled], noiseValues([sampled], 1));
  const z = Array.from(found!.data, (v) => (v - 0.5) / 2);
  const within = z.filter((v) => Math.abs(v) < x).length / z.length;
  // Four standard errors.
  expect(Math.abs(within - probability)).toBeLessThan(4 * Math.sqrt((probability * (1 - probability)) / z.length));
  expect(Math.abs(z.filter((v) => v > 0).length / z.length - 1 / 2)).toBeLessThan(4 * Math.sqrt(1 / 4 / z.length));
});

describe("StudentT of many degrees of freedom", () => {
  // e^a - 1 of a near 0 has no digits left in float32.
  test.each([1e4, 1e8, 1e12])("%d: samples nearly as N(0, 1)", async (df) => {
    const sampled = new StudentT(df, constant(0), 1).sample([40_000]);
    const [found] = await compute(await cpuDevice(1), [sampled], noiseValues([sampled], 3));
    const data = Float64Array.from(found!.data);
    const moment = (power: number): number => data.reduce((sum, v) => sum + v ** power, 0) / data.length;
    // Four standard errors, of variances 1, 2 and 96.
    expect(Math.abs(moment(1))).toBeLessThan(4 / 200);
    expect(Math.abs(moment(2) - 1)).toBeLessThan((4 * Math.sqrt(2)) / 200);
    expect(Math.abs(moment(4) - 3)).toBeLessThan((4 * Math.sqrt(96)) / 200);
  });
});
