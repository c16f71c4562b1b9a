import { z } from "zod";
import { normalProbability, normalQuantile } from "../random/normal-quantile.ts";

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

/** A value as models see it. */
export function toModel({ mean, std, quantiles }: NumberColumn, value: number): number {
  if (!quantiles) return (value - mean) / std;
  const steps = quantiles.length - 1;
  const rank = rankOf(quantiles, value) / steps;
  return normalQuantile(Math.min(1 - 0.5 / steps, Math.max(0.5 / steps, rank)));
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
  const first = quantiles.findIndex((q) => q >= value);
  if (first === -1) return quantiles.length - 1;
  if (quantiles.includes(value)) return (first + quantiles.lastIndexOf(value)) / 2;
  if (first === 0) return 0;
  const below = quantiles[first - 1]!;
  return first - 1 + (value - below) / (quantiles[first]! - below);
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
