import { expect, test } from "vitest";
import { normalQuantile } from "../random/normal-quantile.ts";
import { normalPercentiles, percentileGrid } from "./percentiles.ts";

// Quantiles of the standard normal distribution as printed in tables (Abramowitz & Stegun, tables 26.5 and 26.6).
test.each([
  [0.5, 0],
  [0.75, 0.674489750196082],
  [0.95, 1.64485362695147],
  [0.975, 1.95996398454005],
  [0.999, 3.09023230616781],
  [1e-6, -4.75342430881709],
])("the quantile of %d", (p, x) => {
  expect(normalQuantile(p)).toBeCloseTo(x, 9);
});

test("quantiles rise and mirror each other", () => {
  const values = normalPercentiles(21);
  expect(values[10]).toBeCloseTo(0, 12);
  values.forEach((v, i) => {
    if (i > 0) expect(v).toBeGreaterThan(values[i - 1]!);
    expect(v).toBeCloseTo(-values[20 - i]!, 12);
  });
});

test("a grid grows to the right and upwards in the two dimensions and is 0 in the others", () => {
  const [low, middle, high] = normalPercentiles(3).map(Math.fround) as [number, number, number];
  const codes = percentileGrid(3, [2, 0], 3);
  const code = (row: number, column: number): number[] => [...codes.subarray((row * 3 + column) * 3).subarray(0, 3)];
  expect(code(0, 0)).toEqual([high, 0, low]);
  expect(code(2, 0)).toEqual([low, 0, low]);
  expect(code(2, 2)).toEqual([low, 0, high]);
  expect(code(1, 1)).toEqual([middle, 0, middle]);
});
