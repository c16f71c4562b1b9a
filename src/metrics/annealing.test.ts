import { expect, test } from "vitest";
import { annealingSchedule } from "./annealing.ts";

// 1 / (1 + e^-t) = (1 + tanh(t / 2)) / 2, rescaled to end at 0 and 1.
test.each([4, 1])("inverse temperatures are a rescaled sigmoid of equal steps, steepness %i", (steepness) => {
  const steps = 10;
  const found = annealingSchedule(steps, steepness);
  expect(found).toHaveLength(steps + 1);
  found.forEach((beta, t) => {
    const u = (2 * t) / steps - 1;
    expect(beta).toBeCloseTo((1 + Math.tanh((steepness * u) / 2) / Math.tanh(steepness / 2)) / 2, 12);
  });
});

test("steps are longest in the middle, and the same from either end", () => {
  const found = annealingSchedule(4);
  expect([found[0], found[4]]).toEqual([0, 1]);
  expect(found[2]).toBeCloseTo(0.5, 12);
  expect(found[1]! + found[3]!).toBeCloseTo(1, 12);
  expect(found[2]! - found[1]!).toBeGreaterThan(2 * found[1]!);
});
