import { frequencyDistance } from "../samples/total-variation.ts";
import { checkAlike, type TableColumn, type TableColumns } from "./table-columns.ts";

/** Distance of each column's distribution between two tables, 0 for equal ones and at most 1. */
export interface Marginals {
  /** Kolmogorov-Smirnov distance of numbers, total variation of categories, by column. */
  readonly distances: readonly number[];
  readonly mean: number;
}

/**
 * Distances of the columns' distributions: sup |F(x) - G(x)| of the empirical distribution functions of numbers (Smirnov 1948), and
 * 1/2 sum |p - q| of the frequencies of categories. Throws ConfigError for tables of other columns, or without rows.
 *
 * @example
 * const column = (...values: number[]) => [{ kind: "number", values: Float64Array.from(values) }] as const;
 * marginals(column(1, 2, 3, 4), column(1, 2, 3, 9)).mean; // 0.25
 */
export function marginals(a: TableColumns, b: TableColumns): Marginals {
  checkAlike("marginals", [a, b], 1);
  const distances = a.map((column, i) => distance(column, b[i]!));
  return { distances, mean: distances.reduce((sum, d) => sum + d, 0) / distances.length };
}

function distance(a: TableColumn, b: TableColumn): number {
  return a.kind === "number"
    ? kolmogorovSmirnov(a.values, Float64Array.from(b.values))
    : frequencyDistance(a.values, b.values);
}

function kolmogorovSmirnov(a: Float64Array, b: Float64Array): number {
  const [x, y] = [a.toSorted(), b.toSorted()];
  let [i, j, most] = [0, 0, 0];
  while (i < x.length && j < y.length) {
    // Both functions step over all values equal to the next one.
    const at = Math.min(x[i]!, y[j]!);
    while (i < x.length && x[i] === at) i += 1;
    while (j < y.length && y[j] === at) j += 1;
    most = Math.max(most, Math.abs(i / x.length - j / y.length));
  }
  return most;
}
