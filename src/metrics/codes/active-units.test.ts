import { expect, test } from "vitest";
import { activeUnits, activity } from "./active-units.ts";

test("the activity is the variance over examples of each dimension", () => {
  // Dimensions: 1..4, a constant, 1..4 far from 0.
  const means = [1, 2, 3, 4].flatMap((v) => [v, 7, 1e6 + v]);
  const [rising, still, far] = activity(means, 3) as unknown as [number, number, number];
  expect(rising).toBeCloseTo(1.25, 12);
  expect(still).toBe(0);
  expect(far).toBeCloseTo(1.25, 8);
});

test("units are active above a variance of 0.01", () => {
  expect(activeUnits([0.0099, 0.0101, 3, 0])).toBe(2);
});
