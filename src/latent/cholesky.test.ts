import { expect, test } from "vitest";
import { DataError } from "../errors.ts";
import { cholesky, invertLower } from "./cholesky.ts";

// The example of the Wikipedia article on the Cholesky decomposition.
const matrix = Float64Array.of(4, 12, -16, 12, 37, -43, -16, -43, 98);

test("is the textbook's factor", () => {
  expect([...cholesky(matrix, 3)]).toEqual([2, 0, 0, 6, 1, 0, -8, 5, 3]);
});

test("the inverse of a factor times the factor is the identity", () => {
  const factor = cholesky(matrix, 3);
  const inverse = invertLower(factor, 3);
  for (let i = 0; i < 3; i++)
    for (let j = 0; j < 3; j++) {
      let product = 0;
      for (let k = 0; k < 3; k++) product += inverse[i * 3 + k]! * factor[k * 3 + j]!;
      expect(product).toBeCloseTo(i === j ? 1 : 0, 14);
    }
});

test("refuses a matrix that is no covariance", () => {
  expect(() => cholesky(Float64Array.of(1, 2, 2, 1), 2)).toThrow(DataError);
  expect(() => cholesky(Float64Array.of(Number.NaN), 1)).toThrow(/in dimension 0, got pivot NaN/);
});
