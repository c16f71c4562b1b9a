import type { Column, NumberColumn } from "../column.ts";
import { columnWidth } from "../column-width.ts";
import { modelMapping, quantileAt } from "./number-scaling.ts";

/** Passes over the categorical columns, at most, and the relative change of a weight that ends them. */
const MOST_PASSES = 50;
const STILL = 1e-3;
/** Passes over the rows that are left, at most, in exchange for others. */
const MOST_EXCHANGES = 20;
/** A row of the pool is taken at most once, so that no weight may be above this many times the average: the pool is this many times larger. */
export const POOL = 4;

/** A categorical column of the pool: the data's frequencies of the categories that the pool has, and the category of each row. */
interface Categories {
  readonly frequencies: readonly number[];
  readonly of: Uint16Array;
}

/**
 * Rows of a model with the marginals of the data, and the model's dependence between columns, as a copula has them: of a pool of `POOL`
 * times as many rows [rows, width] of the model, `count` are taken without replacement by weights that give every category the
 * frequency that it has in the data (raking: Deming & Stephan, Ann. Math. Statist. 11:427, 1940), and a few exchanged until the counts are
 * right too; their numbers are then replaced, column by column, by the data's quantiles at the same ranks. `uniform` gives random numbers
 * from 0 to 1. Columns that do not know their frequencies or quantiles stay as they are.
 */
export function withDataMarginals(
  columns: readonly Column[],
  pool: Float32Array,
  { count, uniform }: { readonly count: number; readonly uniform: () => number },
): Float32Array {
  const width = columns.reduce((sum, column) => sum + columnWidth(column), 0);
  const categorical = categoriesOf(columns, pool, width);
  const { rows, left } = systematic(rakedWeights(categorical, pool.length / width), count, uniform());
  exchange(categorical, { rows, left, uniform });
  const taken = new Float32Array(count * width);
  rows.forEach((row, i) => taken.set(pool.subarray(row * width, (row + 1) * width), i * width));
  let at = 0;
  for (const column of columns) {
    if (column.kind === "number" && column.quantiles) rankMap(column, column.quantiles, { taken, at, width, uniform });
    at += columnWidth(column);
  }
  return taken;
}

/** The categorical columns that know their frequencies. */
function categoriesOf(columns: readonly Column[], pool: Float32Array, width: number): readonly Categories[] {
  const size = pool.length / width;
  let at = 0;
  return columns.flatMap((column) => {
    const first = at;
    at += columnWidth(column);
    if (column.kind !== "category" || !column.frequencies) return [];
    const of = Uint16Array.from({ length: size }, (_, row) =>
      pool.subarray(row * width + first, row * width + at).indexOf(1),
    );
    const made = new Set(of);
    const possible = column.frequencies.map((frequency, k) => (made.has(k) ? frequency : 0));
    const total = possible.reduce((sum, frequency) => sum + frequency, 0);
    return [{ frequencies: possible.map((frequency) => frequency / total), of }];
  });
}

/** Weights of the pool's rows, 1 on average and at most `POOL`, under which categories are as frequent as in the data. */
function rakedWeights(categorical: readonly Categories[], size: number): Float64Array {
  const weights = new Float64Array(size).fill(1);
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

/** `count` different rows, each with a probability proportional to its weight: systematic sampling (Madow 1949); and those that are left. */
function systematic(
  weights: Float64Array,
  count: number,
  start: number,
): { readonly rows: Uint32Array; readonly left: Uint32Array } {
  const step = weights.reduce((sum, w) => sum + w, 0) / count;
  const [taken, left] = [new Array<number>(), new Array<number>()];
  let sum = 0;
  weights.forEach((weight, row) => {
    sum += weight;
    (taken.length < count && sum > (taken.length + start) * step ? taken : left).push(row);
  });
  // Rounding may leave one out, as do weights that could not be limited.
  taken.push(...left.splice(0, count - taken.length));
  return { rows: Uint32Array.from(taken), left: Uint32Array.from(left) };
}

/**
 * Exchanges rows for some of those left, as long as that brings the counts of categories nearer to the data's frequencies: what
 * sampling leaves is the noise of a count, here of each column.
 */
function exchange(
  categorical: readonly Categories[],
  { rows, left, uniform }: { readonly rows: Uint32Array; readonly left: Uint32Array; readonly uniform: () => number },
): void {
  // By column and category: how many rows are missing.
  const lacking = categorical.map(({ frequencies, of }) => {
    const counts = wholeCounts(frequencies, rows.length, uniform());
    for (const row of rows) counts[of[row]!]! -= 1;
    return counts;
  });
  for (let pass = 0, changes = 1; pass < MOST_EXCHANGES && changes > 0; pass++) {
    changes = 0;
    left.forEach((row, i) => {
      const place = Math.floor(uniform() * rows.length);
      const out = rows[place]!;
      // Half the change of the sum of squares.
      let change = 0;
      categorical.forEach(({ of }, c) => {
        if (of[row] !== of[out]) change += lacking[c]![of[out]!]! - lacking[c]![of[row]!]! + 1;
      });
      if (change >= 0) return;
      changes += 1;
      categorical.forEach(({ of }, c) => {
        lacking[c]![of[out]!]! += 1;
        lacking[c]![of[row]!]! -= 1;
      });
      rows[place] = row;
      left[i] = out;
    });
  }
}

/** Whole counts of a total whose expectations are frequencies times it: each is rounded up as often as its fraction says, so that rare categories occur. */
function wholeCounts(frequencies: readonly number[], total: number, start: number): Float64Array {
  let [sum, given] = [start, 0];
  return Float64Array.from(frequencies, (frequency) => {
    sum += frequency * total;
    const count = Math.floor(sum) - given;
    given += count;
    return count;
  });
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
