import { expect, test } from "vitest";
import { quantileBins } from "./quantile-bins.ts";

const binsOf = (values: readonly number[], bins: number, first?: number): readonly number[] =>
  Array.from(quantileBins(values.length, (i) => values[i]!, bins, first));

test("bins begin at the sorted values of ranks 0, n / bins, 2 n / bins, ..., rounded down", () => {
  // Of 0 to 9 in four bins: from 0, 2, 5 and 7.
  expect(binsOf([9, 0, 1, 2, 3, 4, 5, 6, 7, 8], 4)).toEqual([3, 0, 0, 1, 1, 1, 2, 2, 3, 3]);
});

test("as many values as bins have a bin each, and equal values one together", () => {
  expect(binsOf([30, 10, 20, 10, 30], 3)).toEqual([2, 0, 1, 0, 2]);
  // Ranks 0, 2, 4 and 6 of eight: 5, 5, 5 and 7 are two bins.
  expect(binsOf([5, 5, 5, 5, 5, 6, 7, 8], 4).slice(0, 5)).toEqual([0, 0, 0, 0, 0]);
  expect(binsOf([5, 5, 5, 5, 5, 6, 7, 8], 3)).toEqual([0, 0, 0, 0, 0, 1, 1, 1]);
});

test("bins of the first values hold for the others, those beyond them included", () => {
  expect(binsOf([0, 1, 2, 3, -5, 1.5, 99], 2, 4)).toEqual([0, 0, 1, 1, 0, 0, 1]);
});
