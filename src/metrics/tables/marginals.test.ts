import { describe, expect, test } from "vitest";
import { ConfigError } from "../../errors.ts";
import { marginals } from "./marginals.ts";
import type { TableColumn } from "./table-columns.ts";

const numbers = (values: readonly number[]): TableColumn => ({ kind: "number", values: Float64Array.from(values) });
const categories = (values: readonly number[], count: number): TableColumn => ({
  kind: "category",
  values: Uint16Array.from(values),
  categories: count,
});

const x = Array.from({ length: 50 }, (_, i) => Math.sin(i));
const y = Array.from({ length: 40 }, (_, i) => 1.1 * Math.sin(2 * i) + 0.2);
const tenths = (values: readonly number[]): number[] => values.map((v) => Math.round(10 * v) / 10);

describe("distances of marginals", () => {
  // scipy.stats.ks_2samp, SciPy 1.17.
  test("of numbers are SciPy's, with ties too", () => {
    expect(marginals([numbers(x)], [numbers(y)]).distances[0]).toBeCloseTo(0.275, 12);
    expect(marginals([numbers(tenths(x))], [numbers(tenths(y))]).distances[0]).toBeCloseTo(0.225, 12);
    expect(marginals([numbers(y)], [numbers(x)]).mean).toBeCloseTo(0.275, 12);
  });

  test("of categories are half the sum of differences of frequencies", () => {
    // 2/4, 1/4, 1/4, 0 against 1/5, 1/5, 1/5, 2/5.
    const [a, b] = [categories([0, 0, 1, 2], 4), categories([0, 1, 2, 3, 3], 4)];
    expect(marginals([a], [b]).distances[0]).toBeCloseTo(0.4, 12);
  });

  test("are 0 for equal tables and 1 for disjoint ones, with their mean", () => {
    const a = [numbers([1, 2]), categories([0, 1], 3)];
    expect(marginals(a, a)).toEqual({ distances: [0, 0], mean: 0 });
    expect(marginals(a, [numbers([3, 4]), categories([0, 1], 3)])).toEqual({ distances: [1, 0], mean: 0.5 });
  });

  test("are refused for tables of other columns, and without rows", () => {
    const columns = [numbers(x), categories([0], 2)];
    expect(() => marginals([numbers(x)], [categories([0], 2)])).toThrow(
      new ConfigError("marginals: tables differ in their columns, got 2 categories, expected numbers"),
    );
    expect(() => marginals([categories([0], 3)], [categories([0], 2)])).toThrow(
      "got 2 categories, expected 3 categories",
    );
    expect(() => marginals(columns, columns)).toThrow("marginals: columns differ in length, got 50, 1 rows");
    expect(() => marginals([numbers([])], [numbers(x)])).toThrow("marginals: too few rows, got 0, expected at least 1");
    expect(() => marginals([], [])).toThrow("too few rows");
  });
});
