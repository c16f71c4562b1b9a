import { expect, test } from "vitest";
import { inceptionScore } from "./inception-score.ts";

test("is the number of classes for certain, balanced predictions, and 1 for uninformative ones", () => {
  const certain = Float32Array.from({ length: 50 }, (_, at) => Number(at % 5 === Math.floor(at / 5) % 5));
  expect(inceptionScore(certain, 5)).toBeCloseTo(5, 12);
  expect(inceptionScore(new Float64Array(50).fill(0.2), 5)).toBeCloseTo(1, 12);
  const one = Float32Array.from({ length: 50 }, (_, at) => Number(at % 5 === 0));
  expect(inceptionScore(one, 5)).toBe(1);
});

test("is exp of the mutual information of example and class", () => {
  // Two examples in three are of class 0, sure by 0.9; the third of class 1, sure.
  const rows = [0.9, 0.1, 0.9, 0.1, 0, 1];
  const marginal = [0.6, 0.4];
  const kl = (p: readonly number[]): number =>
    p.reduce((sum, each, k) => sum + (each === 0 ? 0 : each * Math.log(each / marginal[k]!)), 0);
  expect(inceptionScore(Float64Array.from(rows), 2)).toBeCloseTo(Math.exp((2 * kl([0.9, 0.1]) + kl([0, 1])) / 3), 12);
});

test("refuses what is not a distribution", () => {
  expect(() => inceptionScore(Float32Array.of(0.5, 0.5, 0.5, 0.6), 2)).toThrow(
    /^inception score: probabilities do not add up, got 1\.1\d* in example 1, expected 1 from a classifier$/,
  );
  expect(() => inceptionScore(Float32Array.of(1, Number.NaN), 2)).toThrow("got NaN in example 0");
  expect(() => inceptionScore(new Float32Array(3), 2)).toThrow("not whole rows, got 3 numbers, expected rows of 2");
});
