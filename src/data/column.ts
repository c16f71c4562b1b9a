import { z } from "zod";

const name = z.string().max(1_000);

/** A column of numbers: standardized for models, so that it has mean 0 and standard deviation 1 over the rows it was read from. */
const numberColumn = z.strictObject({
  name,
  kind: z.literal("number"),
  mean: z.number(),
  std: z.number().positive(),
  min: z.number(),
  max: z.number(),
  /** Digits after the point, the most that were seen, at most 6; 0 for whole numbers. */
  decimals: z.int().min(0).max(6),
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

/**
 * An example as the text of its columns: numbers back in their units, within what was seen and with as many decimals; of
 * categories the one with the largest number.
 */
export function rowText(columns: readonly Column[], example: Float32Array): readonly string[] {
  let at = 0;
  return columns.map((column) => {
    const part = example.subarray(at, (at += columnWidth(column)));
    if (column.kind === "category") return column.values[part.indexOf(Math.max(...part))] ?? "";
    const value = part[0]! * column.std + column.mean;
    return Math.min(column.max, Math.max(column.min, value)).toFixed(column.decimals);
  });
}

/** Rows of text as CSV (RFC 4180), with the names of the columns first. */
export function csvText(columns: readonly Column[], rows: Iterable<readonly string[]>): string {
  const quoted = (field: string): string => (/[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field);
  const lines = [columns.map((column) => column.name), ...rows].map((fields) => fields.map(quoted).join(","));
  return `${lines.join("\n")}\n`;
}
