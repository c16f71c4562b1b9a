import type { CategoryColumn, Column, NumberColumn } from "../column.ts";
import { columnWidth } from "../column.ts";
import { modelMapping, quantileAt } from "./number-scaling.ts";

/** Passes over the categorical columns, at most, and the relative change of a weight that ends them. */
const MOST_PASSES = 50;
const STILL = 1e-3;
/** A row of the pool is taken at most once, so that no weight may be above this many times the average: the pool is this many times larger. */
export const POOL = 4;

/**
 * Rows of a model with the marginals of the data, and the model's dependence between columns, as a copula has them: of a pool of `POOL`
 * times as many rows [rows, width] of the model, `count` are taken without replacement by weights that give every category the
 * frequency that it has in the data (raking: Deming & Stephan, Ann. Math. Statist. 11:427, 1940); their numbers are then replaced, column by
 * column, by the data's quantiles at the same ranks. `uniform` gives random numbers from 0 to 1. Columns that do not know their
 * frequencies or quantiles stay as they are.
 */
export function withDataMarginals(
  columns: readonly Column[],
  pool: Float32Array,
  { count, uniform }: { readonly count: number; readonly uniform: () => number },
): Float32Array {
  const width = columns.reduce((sum, column) => sum + columnWidth(column), 0);
  const rows = systematic(rakedWeights(columns, pool, width), count, uniform());
  const taken = new Float32Array(count * width);
  rows.forEach((row, i) => taken.set(pool.subarray(row * width, (row + 1) * width), i * width));
  let at = 0;
  for (const column of columns) {
    if (column.kind === "number" && column.quantiles) rankMap(column, column.quantiles, { taken, at, width, uniform });
    at += columnWidth(column);
  }
  return taken;
}

/** Weights of the pool's rows, 1 on average and at most `POOL`, under which categories are as frequent as in the data. */
function rakedWeights(columns: readonly Column[], pool: Float32Array, width: number): Float64Array {
  const size = pool.length / width;
  const weights = new Float64Array(size).fill(1);
  let at = 0;
  const categorical = columns.flatMap((column) => {
    const first = at;
    at += columnWidth(column);
    if (column.kind !== "category" || !column.frequencies) return [];
    return [{ frequencies: column.frequencies, of: categoriesOf(column, pool, first, width) }];
  });
  if (categorical.length === 0) return weights;
  for (let pass = 0; pass < MOST_PASSES; pass++) {
    let change = 0;
    for (const { frequencies, of } of categorical) {
      const sums = new Float64Array(frequencies.length);
      for (let row = 0; row < size; row++) sums[of[row]!]! += weights[row]! / size;
      const factors = sums.map((sum, k) => (sum > 0 ? frequencies[k]! / sum : 1));
      for (let row = 0; row < size; row++) weights[row]! *= factors[of[row]!]!;
      factors.forEach((factor, k) => (change = Math.max(change, sums[k]! > 0 ? Math.abs(factor - 1) : 0)));
    }
    if (change < STILL) break;
  }
  return limited(weights);
}

function categoriesOf({ values }: CategoryColumn, pool: Float32Array, first: number, width: number): Uint16Array {
  return Uint16Array.from({ length: pool.length / width }, (_, row) => {
    const part = pool.subarray(row * width + first, row * width + first + values.length);
    return part.indexOf(1);
  });
}

/** Weights cut at `POOL` times their average, what is cut off spread over the others. */
function limited(weights: Float64Array): Float64Array {
  for (let pass = 0; pass < MOST_PASSES; pass++) {
    const average = weights.reduce((sum, w) => sum + w, 0) / weights.length;
    let most = 0;
    for (let i = 0; i < weights.length; i++) {
      weights[i]! /= average;
      most = Math.max(most, weights[i]!);
    }
    if (most <= POOL * (1 + 1e-9)) break;
    for (let i = 0; i < weights.length; i++) weights[i] = Math.min(POOL, weights[i]!);
  }
  return weights;
}

/** `count` different rows, each with a probability proportional to its weight: systematic sampling (Madow 1949). */
function systematic(weights: Float64Array, count: number, start: number): Uint32Array {
  const step = weights.reduce((sum, w) => sum + w, 0) / count;
  const rows = new Uint32Array(count);
  let [taken, sum] = [0, 0];
  for (let row = 0; row < weights.length && taken < count; row++) {
    sum += weights[row]!;
    if (sum > (taken + start) * step) rows[taken++] = row;
  }
  // Rounding may leave the last one out.
  while (taken < count) rows[taken++] = weights.length - 1;
  return rows;
}

/** Replaces a column of rows by the data's quantiles at their ranks; equal values are ranked at random. */
function rankMap(
  column: NumberColumn,
  quantiles: readonly number[],
  {
    taken,
    at,
    width,
    uniform,
  }: { readonly taken: Float32Array; readonly at: number; readonly width: number; readonly uniform: () => number },
): void {
  const count = taken.length / width;
  const values = Float64Array.from({ length: count }, (_, row) => taken[row * width + at]!);
  const ties = Float64Array.from({ length: count }, uniform);
  const order = Uint32Array.from(values.keys()).toSorted((a, b) => values[a]! - values[b]! || ties[a]! - ties[b]!);
  const mapping = modelMapping(column);
  order.forEach((row, rank) => {
    taken[row * width + at] = mapping(valueAt(quantiles, (rank + uniform()) / count));
  });
}

/** The value below which a fraction p of the rows lie. Beside a value that many rows have, nothing lies between it and the next. */
function valueAt(quantiles: readonly number[], p: number): number {
  const rank = p * (quantiles.length - 1);
  const [below, above] = [Math.floor(rank), Math.ceil(rank)];
  const isHeap = quantiles[below] === quantiles[below - 1] || quantiles[above] === quantiles[above + 1];
  return isHeap ? quantiles[Math.round(rank)]! : quantileAt(quantiles, p);
}
