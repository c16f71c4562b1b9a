import { describe, expect, test } from "vitest";
import { noiseValues } from "../../test/noise-values.ts";
import { evaluate } from "../graph/evaluate.ts";
import { constant } from "../graph/tensor.ts";
import type { Distribution } from "./distribution.ts";
import {
  Categorical,
  independent,
  Joint,
  Laplace,
  Logistic,
  Mixture,
  Normal,
  OneHotCategorical,
  Rotated,
  StudentT,
  Uniform,
} from "./index.ts";
import { tempered } from "./tempered.ts";

const count = 40_000;
const samplesOf = (d: Distribution, temperature: number): readonly number[] => {
  const sampled = tempered(d, constant(temperature));
  return Array.from(evaluate([sampled], noiseValues([sampled], 5))[0]!.data);
};
const mean = (values: readonly number[]): number => values.reduce((sum, v) => sum + v, 0) / values.length;
const variance = (values: readonly number[]): number => {
  const center = mean(values);
  return mean(values.map((v) => (v - center) ** 2));
};
const many = (v: number) => constant(v).broadcastTo([count]);

// About a location of 3, of variance v times the temperature's square.
describe.each([
  ["Normal", new Normal(many(3), 2), 4],
  ["Laplace", new Laplace(many(3), 2), 8],
  ["Logistic", new Logistic(many(3), 2), (4 * Math.PI ** 2) / 3],
  ["StudentT", new StudentT(9, many(3), 2), (4 * 9) / 7],
  ["Independent Normal", independent(new Normal(constant(3).broadcastTo([count, 1]), 2), 1), 4],
] as const)("%s", (_, d, exact) => {
  test.each([1, 0.5, 0])("at temperature %d", (temperature) => {
    const samples = samplesOf(d, temperature);
    expect(samples).toHaveLength(count);
    expect(Math.abs(mean(samples) - 3)).toBeLessThan((4 * temperature * Math.sqrt(exact)) / 200 + 1e-6);
    expect(Math.abs(variance(samples) - temperature ** 2 * exact)).toBeLessThan(0.05 * temperature ** 2 * exact + 1e-9);
  });
});

describe("a mixture of N(-4, 1) and N(4, 4), one to three", () => {
  const logits = constant([0, Math.log(3)], [2]);
  const of = (scales: readonly number[]) =>
    new Mixture(logits, new Normal(constant([-4, 4], [2]).broadcastTo([count, 2]), constant(scales, [2])));

  test.each([1, 0.5, 0])(
    "at temperature %d keeps its weights and means: only components get narrower",
    (temperature) => {
      const samples = samplesOf(of([1, 2]), temperature);
      const left = samples.filter((v) => v < -1);
      const right = samples.filter((v) => v >= -1);
      // At temperature 1, a little of either crosses the middle.
      expect(left.length / count).toBeCloseTo(0.25, 1);
      expect(Math.abs(mean(left) + 4)).toBeLessThan(0.05);
      expect(Math.abs(mean(right) - 4)).toBeLessThan(0.06);
      expect(Math.sqrt(variance(left))).toBeCloseTo(temperature, 1);
      expect(Math.sqrt(variance(right))).toBeCloseTo(2 * temperature, 1);
    },
  );
});

test("a joint distribution has each part at the temperature, classes as they are", () => {
  const logits = constant([0, 0, 0], [3]).broadcastTo([count, 3]);
  const d = new Joint([
    new OneHotCategorical(logits),
    independent(new Normal(constant(3).broadcastTo([count, 1]), 2), 1),
  ]);
  const samples = samplesOf(d, 0.5);
  const part = (k: number): readonly number[] => samples.filter((_, i) => i % 4 === k);
  for (const k of [0, 1, 2]) expect(new Set(part(k))).toEqual(new Set([0, 1]));
  expect(mean(part(3))).toBeCloseTo(3, 1);
  expect(variance(part(3))).toBeCloseTo(1, 1);
});

test("a turned Gaussian keeps its center, and gets narrower along its own axes", () => {
  const u = independent(new Normal(constant([2, 0], [2]).broadcastTo([count, 2]), constant([1, 0.1], [2])), 1);
  const samples = samplesOf(new Rotated(u, constant(Math.PI / 2)), 0.5);
  const [x, y] = [0, 1].map((k) => samples.filter((_, i) => i % 2 === k));
  expect([mean(x!), mean(y!)].map((v) => Math.round(20 * v) / 20)).toEqual([-0, 2]);
  expect(variance(y!)).toBeCloseTo(0.25, 1);
  expect(variance(x!)).toBeLessThan(0.003);
});

test("any other distribution has its samples times the temperature, and classes are sampled as they are", () => {
  const uniform = samplesOf(new Uniform(many(-1), 3), 0.5);
  expect(Math.min(...uniform)).toBeGreaterThanOrEqual(-0.5);
  expect(Math.max(...uniform)).toBeLessThanOrEqual(1.5);
  expect(variance(uniform)).toBeCloseTo(4 / 12, 2);
  const classes = samplesOf(new Categorical(constant([0, 0, 0], [3]).broadcastTo([count, 3])), 0.5);
  expect(new Set(classes)).toEqual(new Set([0, 1, 2]));
});
