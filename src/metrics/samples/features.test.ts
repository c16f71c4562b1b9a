import { expect, test } from "vitest";
import { countFeatures } from "./features.ts";

const count = (values: readonly number[], least = 1): number =>
  countFeatures("here", Float64Array.from(values), { dim: 2, least });

test("vectors are counted", () => {
  expect(count([1, 2, 1, 3])).toBe(2);
  // A single one has none to be equal to.
  expect(count([1, 1])).toBe(1);
});

test.each([
  [[1, 2, 3], "here: not whole vectors, got 3 numbers, expected a multiple of 2 dimensions"],
  [[1, 2, 1, 2], "here: all examples are the same, got 2 equal ones, expected some that differ"],
  [[1, 2, 1, 3, Infinity, 0], "here: a feature is not finite, got Infinity in example 2, expected numbers"],
  [[1, 2, 1, -Infinity], "got -Infinity in example 1"],
  [[1, Number.NaN, 1, 2], "got NaN in example 0"],
])("%j are refused", (values, message) => {
  expect(() => count(values)).toThrow(message);
});

test("so are fewer than are needed", () => {
  expect(() => count([1, 2, 1, 3], 3)).toThrow("here: too few examples, got 2, expected at least 3");
  expect(count([1, 2, 1, 3], 2)).toBe(2);
});
