import { describe, expect, test } from "vitest";
import { innerProducts, orthonormalize, scaled, weightedSums } from "./row-space.ts";

const a = Float64Array.of(1, 2, 2, 0, 3, 4);
const b = Float64Array.of(1, 0, 1, 0, 1, 0, 2, 2, 2);

test("inner products are of each row with each", () => {
  expect([...innerProducts(a, b, 3)]).toEqual([3, 2, 10, 4, 3, 14]);
});

test("weighted sums are a matrix product", () => {
  expect([...weightedSums(a, b, 3)]).toEqual([5, 6, 5, 8, 11, 8]);
});

describe("orthonormalize", () => {
  const orthonormal = (rows: Float64Array, size: number): void => {
    orthonormalize(rows, size);
    const count = rows.length / size;
    innerProducts(rows, rows, size).forEach((v, i) =>
      expect(v).toBeCloseTo(Number(i % count === Math.floor(i / count)), 13),
    );
  };

  test("keeps the span: the first row's direction, and the others' in turn", () => {
    const rows = Float64Array.of(3, 0, 0, 1, 2, 0);
    orthonormal(rows, 3);
    expect([...rows]).toEqual([1, 0, 0, 0, 1, 0]);
  });

  test("holds for rows that are nearly the same, the same, or zero", () => {
    orthonormal(Float64Array.of(1, 1, 1, 1, 1, 1 + 1e-9, 1, 1 - 1e-9, 1), 3);
    orthonormal(Float64Array.of(1, 1, 1, 1, 1, 1, 0, 0, 0), 3);
  });
});

test("a vector is scaled to length 1 without overflow, and zero stays zero", () => {
  const huge = Float64Array.of(3e200, 4e200);
  expect(scaled(huge) / 1e200).toBeCloseTo(5, 12);
  expect(huge[0]).toBeCloseTo(0.6, 14);
  expect(scaled(new Float64Array(2))).toBe(0);
});
