import { expect, test } from "vitest";
import { normalPercentiles, percentileGrid } from "./percentiles.ts";

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
