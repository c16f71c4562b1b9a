/** A column of numbers: standardized for models, so that it has mean 0 and standard deviation 1 over the rows it was read from. */
export interface NumberColumn {
  readonly name: string;
  readonly kind: "number";
  readonly mean: number;
  readonly std: number;
  readonly min: number;
  readonly max: number;
  /** Digits after the point, the most that were seen, at most 6; 0 for whole numbers. */
  readonly decimals: number;
}

/** A column of categories: one-hot for models, in this order. */
export interface CategoryColumn {
  readonly name: string;
  readonly kind: "category";
  readonly values: readonly string[];
}

/** What a column of a table holds, and how it becomes numbers for a model and text again. */
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
