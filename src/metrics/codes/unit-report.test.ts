import { expect, test } from "vitest";
import { unitReport } from "./unit-report.ts";

/** Means [4, 3]: unit 0 varies by 1, unit 1 not at all, unit 2 by 4. */
const means = [1, 5, 2, -1, 5, -2, 1, 5, 2, -1, 5, -2];
const rates = [0.5, 0, 3, 0.7, 0.1, 1, 0.5, 0, 3, 0.7, 0.1, 1];

test("orders units by their KL, and counts those whose mean varies", () => {
  const { units, active, rate } = unitReport({ means, rates }, 3);
  expect(units.map(({ unit }) => unit)).toEqual([2, 0, 1]);
  expect(units.map((unit) => unit.activity)).toEqual([4, 1, 0]);
  [2, 0.6, 0.05].forEach((expected, i) => expect(units[i]!.rate).toBeCloseTo(expected, 12));
  expect(units.map((unit) => unit.active)).toEqual([true, true, false]);
  expect(active).toBe(2);
  expect(rate).toBeCloseTo(2.65, 12);
});

test("orders units by the variance of their mean where there is no rate", () => {
  const report = unitReport({ means }, 3);
  expect(report.units.map(({ unit }) => unit)).toEqual([2, 0, 1]);
  expect(report).not.toHaveProperty("rate");
  expect(report.units[0]).not.toHaveProperty("rate");
});

test("a unit at the threshold is not active", () => {
  expect(unitReport({ means: [0.099, -0.099] }, 1).active).toBe(0);
  expect(unitReport({ means: [0.101, -0.101] }, 1).active).toBe(1);
});
