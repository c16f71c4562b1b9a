import { expect, test } from "vitest";
import { totalVariation } from "./total-variation.ts";

const times = (text: string, count: number): string[] => Array.from({ length: count }, () => text);

test("of text is half the sum of the differences of frequencies", () => {
  const real = [...times("a", 5), ...times("b", 3), ...times("c", 2)];
  expect(totalVariation(real, real)).toBeCloseTo(0, 12);
  expect(totalVariation(real, times("d", 7))).toBeCloseTo(1, 12);
  // 1/2 (|0.5 - 0.25| + |0.3 - 0.25| + |0.2 - 0.5|)
  expect(totalVariation(real, ["a", "b", "c", "c"])).toBeCloseTo(0.3, 12);
});

test("of numbers is that of their bins", () => {
  const real = Array.from({ length: 2000 }, (_, i) => `${i}`);
  const numbers = { numbers: true };
  expect(totalVariation(real, real.toReversed(), numbers)).toBeCloseTo(0, 12);
  // Half of the bins hold twice as much.
  expect(totalVariation(real, real.slice(0, 1000), numbers)).toBeCloseTo(0.5, 2);
  expect(totalVariation(real, times("-5", 10), numbers)).toBeCloseTo(1, 12);
});

// 0 to 100 in 20 bins: edges are 0, 5, ..., 100, and the last bin holds 100 alone.
test.each([
  [times("100", 3), 100 / 101],
  [times("99", 3), 96 / 101],
  [["0", "5", "10", "15"], 1 - 20 / 101],
  [["0", "4.9"], 96 / 101],
  [["1000"], 100 / 101],
])("of numbers is by bins whose edges are quantiles, samples %j", (samples, expected) => {
  const real = Array.from({ length: 101 }, (_, i) => `${i}`);
  expect(totalVariation(real, samples, { numbers: true })).toBeCloseTo(expected, 12);
});

test("a value of more than a bin's share has a bin of its own, one of as much has not", () => {
  const of = (frequent: number, sample: string): number => {
    const real = [...times("0", frequent), ...Array.from({ length: 100 - frequent }, (_, i) => `${i + 1}`)];
    return totalVariation(real, times(sample, 10), { numbers: true });
  };
  expect(of(5, "0")).toBe(of(5, "0.5"));
  expect(of(6, "0")).toBeCloseTo(0.94, 12);
  expect(of(6, "0.5")).toBeGreaterThan(0.95);
});

test("of numbers with one frequent value separates it from its neighbors", () => {
  const real = [...times("0", 900), ...Array.from({ length: 100 }, (_, i) => `${i + 1}`)];
  expect(totalVariation(real, times("0", 50), { numbers: true })).toBeCloseTo(0.1, 6);
  // As many, but none of them 0.
  expect(totalVariation(real, times("0.5", 50), { numbers: true })).toBeGreaterThan(0.9);
});

// numpy.quantile(range(8), [0, 0.25, 0.5, 0.75, 1], method="nearest") is 0, 2, 4, 5, 7: bins of 2, 2, 1, 2 and 1 values.
test.each([
  ["1", 2],
  ["2", 2],
  ["4", 1],
  ["6", 2],
  ["7", 1],
])("an edge between two values is the nearer one, the upper of two as near: %s is one of %i", (sample, size) => {
  const real = Array.from({ length: 8 }, (_, i) => `${i}`);
  expect(totalVariation(real, [sample], { numbers: true, bins: 4 })).toBeCloseTo(1 - size / 8, 12);
});
