import { z } from "zod";
import { fromModel } from "./number-scaling.ts";

const name = z.string().max(1_000);

/**
 * A numeric column. For models it is standardized to mean 0 and standard deviation 1 over the rows it was read from, or mapped to a
 * standard normal variable by rank.
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
  /** Of model inputs; by rank where it is missing and there are quantiles. */
  scaling: z.enum(["standard", "quantile"]).optional(),
});
export type NumberColumn = Readonly<z.output<typeof numberColumn>>;

/** A categorical column: one-hot for models, in this order. */
const categoryColumn = z.strictObject({
  name,
  kind: z.literal("category"),
  values: z.array(z.string().max(100_000)).min(2).max(1000).readonly(),
  /** The fraction of the rows that have each value. */
  frequencies: z.array(z.number().min(0).max(1)).max(1000).readonly().optional(),
});
export type CategoryColumn = Readonly<z.output<typeof categoryColumn>>;

/** Type of a table column, and its mapping to model inputs and back to text. */
export const columnSchema = z.discriminatedUnion("kind", [numberColumn, categoryColumn]);
export type Column = NumberColumn | CategoryColumn;

/** Number of model inputs of a column. */
export const columnWidth = (column: Column): number => (column.kind === "number" ? 1 : column.values.length);

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
  const quoted = (field: string): string => (/[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field);
  const lines = [columns.map((column) => column.name), ...rows].map((fields) => fields.map(quoted).join(","));
  return `${lines.join("\n")}\n`;
}
