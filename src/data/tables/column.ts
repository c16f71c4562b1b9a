import { z } from "zod";

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
  /** Decimal places that values are rounded to; 0 for integers. */
  decimals: z.int().min(0).max(100),
  /** Decimal places that are written at least, zeros at the end included. */
  places: z.int().min(0).max(100).optional(),
  /** Significant digits, in place of decimal places. */
  digits: z.int().min(1).max(17).optional(),
  /** The form of dates and times, such as YYYY-MM-DD: numbers are seconds since 1970, UTC. */
  date: z.string().min(1).max(100).optional(),
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
