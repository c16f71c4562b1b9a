import { expect, test } from "vitest";
import { normalProbability, normalQuantile } from "./normal-quantile.ts";

// Quantiles of the standard normal distribution as printed in tables (Abramowitz & Stegun, tables 26.5 and 26.6).
test.each([
  [0.5, 0],
  [0.75, 0.674489750196082],
  [0.95, 1.64485362695147],
  [0.975, 1.95996398454005],
  [0.999, 3.09023230616781],
  [1e-6, -4.75342430881709],
])("the quantile of %d, and back", (p, x) => {
  expect(normalQuantile(p)).toBeCloseTo(x, 9);
  expect(normalProbability(x)).toBeCloseTo(p, 12);
  expect(normalProbability(-x)).toBeCloseTo(1 - p, 12);
});

test("far out nothing is left", () => {
  for (const x of [9, 12, 40, 1e6, Infinity]) expect([normalProbability(-x), normalProbability(x)]).toEqual([0, 1]);
});
