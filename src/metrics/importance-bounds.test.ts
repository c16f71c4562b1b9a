import { expect, test } from "vitest";
import { stream } from "../random/index.ts";
import { boundSizes, ImportanceBounds, LogMeanExp } from "./importance-bounds.ts";

const logMeanExp = (values: readonly number[]): number =>
  Math.log(values.reduce((sum, v) => sum + Math.exp(v), 0) / values.length);
const logWeights = (count: number, seed: number): number[] => {
  const random = stream(seed, "weights");
  return Array.from({ length: count }, () => 3 * random.normal());
};

test("the mean of e^v is taken without overflow, in any order", () => {
  const values = logWeights(100, 1);
  for (const order of [values, values.toReversed(), values.toSorted((a, b) => a - b)])
    for (const offset of [0, 5000, -5000]) {
      const mean = new LogMeanExp();
      for (const v of order) mean.add(v + offset);
      expect(mean.value - offset).toBeCloseTo(logMeanExp(values), 9);
    }
});

test("weights of nothing count, and are nothing", () => {
  const mean = new LogMeanExp();
  mean.add(-Infinity);
  expect(mean.value).toBe(-Infinity);
  mean.add(2);
  mean.add(-Infinity);
  expect(mean.value).toBeCloseTo(2 - Math.log(3), 12);
});

test("L_k is the mean of log-mean-exps of blocks, and the last that of all weights", () => {
  const weights = logWeights(53, 2);
  const bounds = new ImportanceBounds([1, 5, 50, 53]);
  weights.forEach((w) => bounds.add(w));
  const blocks = (size: number): number[][] =>
    Array.from({ length: Math.floor(weights.length / size) }, (_, i) => weights.slice(i * size, (i + 1) * size));
  const expected = [1, 5, 50, 53].map((size) => {
    const each = blocks(size).map(logMeanExp);
    return each.reduce((a, b) => a + b) / each.length;
  });
  bounds.bounds.forEach((bound, i) => expect(bound).toBeCloseTo(expected[i]!, 10));
});

test("nested bounds never fall with k, whatever the weights", () => {
  for (let seed = 0; seed < 20; seed++) {
    const bounds = new ImportanceBounds(boundSizes(500));
    logWeights(500, seed).forEach((w) => bounds.add(w));
    bounds.bounds.forEach((bound, i, all) => expect(bound).toBeGreaterThanOrEqual(all[i - 1] ?? -Infinity));
  }
});

test.each([
  [1, [1]],
  [2, [1, 2]],
  [5, [1, 5]],
  [64, [1, 5, 50, 64]],
  [5000, [1, 5, 50, 500, 5000]],
])("bounds of %i samples are shown at %j", (samples, sizes) => expect(boundSizes(samples)).toEqual(sizes));
