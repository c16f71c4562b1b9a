import { z } from "zod";
import { csvLine } from "../formats/csv.ts";
import { normalProbability, normalQuantile } from "../../random/normal-quantile.ts";

/** Number of values memoized per column: many columns have few distinct values. */
const MOST_KNOWN = 1000;

const name = z.string().max(1_000);

/**
 * A numeric column. For models it is standardized to mean 0 and standard deviation 1 over the rows it was read from; with `quantiles` it is
 * instead mapped to a standard normal variable by rank.
 */
const numberColumn = z.strictObject({
  name,
  kind: z.literal("number"),
  mean: z.number(),
  std: z.number().positive(),
  min: z.number(),
  max: z.number(),
  /** Decimal places, the most seen, at most 6; 0 for integers. */
  decimals: z.int().min(0).max(6),
  /** Quantiles at evenly spaced ranks, from the minimum to the maximum. */
  quantiles: z.array(z.number()).min(2).max(1001).readonly().optional(),
});
export type NumberColumn = Readonly<z.output<typeof numberColumn>>;

/** A categorical column: one-hot for models, in this order. */
const categoryColumn = z.strictObject({
  name,
  kind: z.literal("category"),
  values: z.array(z.string().max(100_000)).min(2).max(1000).readonly(),
});
export type CategoryColumn = Readonly<z.output<typeof categoryColumn>>;

/** Type of a table column, and its mapping to model inputs and back to text. */
export const columnSchema = z.discriminatedUnion("kind", [numberColumn, categoryColumn]);
export type Column = NumberColumn | CategoryColumn;

/** Number of model inputs of a column. */
export const columnWidth = (column: Column): number => (column.kind === "number" ? 1 : column.values.length);

/** The map from a column's values to model inputs. */
export function modelMapping({ mean, std, quantiles }: NumberColumn): (value: number) => number {
  if (!quantiles) return (value) => (value - mean) / std;
  const steps = quantiles.length - 1;
  const known = new Map<number, number>();
  return (value) => {
    let x = known.get(value);
    if (x === undefined) {
      const rank = rankOf(quantiles, value) / steps;
      x = normalQuantile(Math.min(1 - 0.5 / steps, Math.max(0.5 / steps, rank)));
      if (known.size < MOST_KNOWN) known.set(value, x);
    }
    return x;
  };
}

function fromModel({ mean, std, quantiles }: NumberColumn, x: number): number {
  if (!quantiles) return x * std + mean;
  const steps = quantiles.length - 1;
  const rank = normalProbability(x) * steps;
  const below = Math.min(steps - 1, Math.floor(rank));
  return quantiles[below]! + (quantiles[below + 1]! - quantiles[below]!) * (rank - below);
}

/** Fractional rank of a value among quantiles: the middle of equal ones, else interpolated between its neighbors. */
function rankOf(quantiles: readonly number[], value: number): number {
  const first = countWhile(quantiles, (q) => q < value);
  const after = countWhile(quantiles, (q) => q <= value);
  if (after > first) return (first + after - 1) / 2;
  if (first === quantiles.length) return quantiles.length - 1;
  if (first === 0) return 0;
  const below = quantiles[first - 1]!;
  return first - 1 + (value - below) / (quantiles[first]! - below);
}

/** Length of the prefix of ascending values for which `holds` is true (binary search). */
function countWhile(values: readonly number[], holds: (value: number) => boolean): number {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(values[middle]!)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * An example as the text of its columns: numbers in original units, clamped to the observed range and rounded to its decimal places;
 * categories by largest value.
 */
export function rowText(columns: readonly Column[], example: Float32Array): readonly string[] {
  let at = 0;
  return columns.map((column) => {
    const part = example.subarray(at, (at += columnWidth(column)));
    if (column.kind === "category") return column.values[part.indexOf(Math.max(...part))] ?? "";
    return Math.min(column.max, Math.max(column.min, fromModel(column, part[0]!))).toFixed(column.decimals);
  });
}

/** Rows of text as CSV (RFC 4180), after a header of column names. */
export function csvText(columns: readonly Pick<Column, "name">[], rows: Iterable<readonly string[]>): string {
  return [columns.map((column) => column.name), ...rows].map(csvLine).join("");
}
