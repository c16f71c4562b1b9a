import { expect, test } from "vitest";
import { codeQuantile, traversal } from "./traversal.ts";

test("a traversal moves one dimension at a time through its range", () => {
  const codes = traversal(Float32Array.of(7, 8, 9), [2, 0], 3, (dim) => [-dim, dim + 4]);
  expect([...codes]).toEqual(
    [
      [7, 8, -2],
      [7, 8, 2],
      [7, 8, 6],
      [0, 8, 9],
      [2, 8, 9],
      [4, 8, 9],
    ].flat(),
  );
  expect([...traversal(Float32Array.of(1, 2), [1], 1, () => [5, 6])]).toEqual([1, 5]);
});

test("quantiles are of each dimension", () => {
  const codes = Float32Array.from({ length: 202 }, (_, i) => (i % 2 === 0 ? 100 - i / 2 : -3 * Math.floor(i / 2)));
  expect([...codeQuantile(codes, 2, 0)]).toEqual([0, -300]);
  expect([...codeQuantile(codes, 2, 0.01)]).toEqual([1, -297]);
  expect([...codeQuantile(codes, 2, 0.99)]).toEqual([99, -3]);
});
