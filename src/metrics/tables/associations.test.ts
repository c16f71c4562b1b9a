import { describe, expect, test } from "vitest";
import { correlationError } from "./associations.ts";
import type { TableColumn } from "./table-columns.ts";

const numbers = (count: number, of: (i: number) => number): TableColumn => ({
  kind: "number",
  values: Float64Array.from({ length: count }, (_, i) => of(i)),
});
const categories = (count: number, of: (i: number) => number): TableColumn => ({
  kind: "category",
  values: Uint16Array.from({ length: count }, (_, i) => of(i)),
  categories: 3,
});

const a = [
  numbers(60, (i) => Math.sin(i)),
  numbers(60, (i) => Math.sin(i) + 0.5 * Math.cos(3 * i)),
  categories(60, (i) => (i * i) % 3),
];
const b = [
  numbers(45, (i) => Math.cos(i)),
  numbers(45, (i) => Math.cos(2 * i) - 0.3 * Math.sin(i)),
  categories(45, (i) => (i * 5 + Math.floor(i / 7)) % 3),
];

describe("correlation error", () => {
  // numpy.corrcoef and counts of np.searchsorted bins, NumPy 2.4.
  test("of numbers is half the difference of Pearson's correlations", () => {
    expect(correlationError(a.slice(0, 2), b.slice(0, 2))).toBeCloseTo(0.42812082346191427, 12);
  });

  test("beside categories is the distance of joint frequencies, numbers in ten bins", () => {
    expect(correlationError([a[0]!, a[2]!], [b[0]!, b[2]!])).toBeCloseTo(0.4555555555555556, 12);
    expect(correlationError([a[1]!, a[2]!], [b[1]!, b[2]!])).toBeCloseTo(0.4666666666666667, 12);
  });

  test("is the mean over pairs", () => {
    expect(correlationError(a, b)).toBeCloseTo(0.4501143485613788, 12);
  });

  test("is 0 for equal tables, in any order of rows, and for one column", () => {
    const reversed = a.map(({ values, ...column }) => ({ ...column, values: values.toReversed() }) as TableColumn);
    expect(correlationError(a, reversed)).toBeCloseTo(0, 12);
    expect(correlationError(a.slice(0, 1), b.slice(0, 1))).toBe(0);
  });

  test("takes the correlation with a constant as 0", () => {
    const constant = numbers(60, () => 4);
    expect(correlationError([a[0]!, a[0]!], [a[0]!, constant])).toBeCloseTo(0.5, 12);
  });

  test("is refused for one row", () => {
    expect(() => correlationError([numbers(1, () => 1)], [numbers(5, (i) => i)])).toThrow(
      "correlation error: too few rows, got 1, expected at least 2",
    );
  });
});
