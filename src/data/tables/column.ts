import { z } from "zod";
import { normalProbability, normalQuantile } from "../../random/normal-quantile.ts";

/** Values of a column whose place is remembered: many columns have few. */
const MOST_KNOWN = 1000;

const name = z.string().max(1_000);

/**
 * A column of numbers. For models it is standardized, so that it has mean 0 and standard deviation 1 over the rows it was read
 * from; or, with `quantiles`, put where a standard normal variable has the same share of values below it.
 */
const numberColumn = z.strictObject({
  name,
  kind: z.literal("number"),
  mean: z.number(),
  std: z.number().positive(),
  min: z.number(),
  max: z.number(),
  /** Digits after the point, the most that were seen, at most 6; 0 for whole numbers. */
  decimals: z.int().min(0).max(6),
  /** Values at evenly spaced ranks, from the least to the greatest. */
  quantiles: z.array(z.number()).min(2).max(1001).readonly().optional(),
});
export type NumberColumn = Readonly<z.output<typeof numberColumn>>;

/** A column of categories: one-hot for models, in this order. */
const categoryColumn = z.strictObject({
  name,
  kind: z.literal("category"),
  values: z.array(z.string().max(100_000)).min(2).max(1000).readonly(),
});
export type CategoryColumn = Readonly<z.output<typeof categoryColumn>>;

/** What a column of a table holds, and how it becomes numbers for a model and text again. */
export const columnSchema = z.discriminatedUnion("kind", [numberColumn, categoryColumn]);
export type Column = NumberColumn | CategoryColumn;

/** Numbers that a column takes in an example. */
export const columnWidth = (column: Column): number => (column.kind === "number" ? 1 : column.values.length);

/** What takes a value to how models see it. */
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

/** Where a value stands among quantiles: the middle of those it equals, or between its neighbours. */
function rankOf(quantiles: readonly number[], value: number): number {
  const first = countWhile(quantiles, (q) => q < value);
  const after = countWhile(quantiles, (q) => q <= value);
  if (after > first) return (first + after - 1) / 2;
  if (first === quantiles.length) return quantiles.length - 1;
  if (first === 0) return 0;
  const below = quantiles[first - 1]!;
  return first - 1 + (value - below) / (quantiles[first]! - below);
}

/** How many of ascending values hold to what the first ones do. */
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
 * An example as the text of its columns: numbers back in their units, within what was seen and with as many decimals; of
 * categories the one with the largest number.
 */
export function rowText(columns: readonly Column[], example: Float32Array): readonly string[] {
  let at = 0;
  return columns.map((column) => {
    const part = example.subarray(at, (at += columnWidth(column)));
    if (column.kind === "category") return column.values[part.indexOf(Math.max(...part))] ?? "";
    return Math.min(column.max, Math.max(column.min, fromModel(column, part[0]!))).toFixed(column.decimals);
  });
}

/** Rows of text as CSV (RFC 4180), with the names of the columns first. */
export function csvText(columns: readonly Pick<Column, "name">[], rows: Iterable<readonly string[]>): string {
  const quoted = (field: string): string => (/[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field);
  const lines = [columns.map((column) => column.name), ...rows].map((fields) => fields.map(quoted).join(","));
  return `${lines.join("\n")}\n`;
}
