import { columnWidth } from "../../data/tables/column-width.ts";
import type { Split } from "../../data/split.ts";

/** What is not there of the rows of a table. */
export interface Missing {
  /** [rows, values]: 1 where a value is missing, or not one that the model knows. */
  readonly mask: Float32Array;
  /** The rows with such values, by their places in the split. */
  readonly rows: readonly number[];
  /** How many values are missing, by column. */
  readonly counts: ReadonlyMap<string, number>;
}

/** What is missing of the rows of a split: what their table has no value for, and categories and text that the columns do not know. */
export function missingOf({ dataset, indices }: Split): Missing {
  const { columns = [], gaps = [] } = dataset;
  const width = columns.reduce((sum, column) => sum + columnWidth(column), 0);
  const places = new Map(Array.from(indices, (row, place) => [row, place]));
  const starts = new Map<string, { readonly at: number; readonly values: number }>();
  let at = 0;
  for (const column of columns) {
    starts.set(column.name, { at, values: columnWidth(column) });
    at += columnWidth(column);
  }
  const mask = new Float32Array(indices.length * width);
  const found = new Set<number>();
  const counts = new Map<string, number>();
  for (const { column, rows } of gaps) {
    const { at: first, values } = starts.get(column)!;
    for (const row of rows) {
      const place = places.get(row);
      if (place === undefined) continue;
      mask.fill(1, place * width + first, place * width + first + values);
      found.add(place);
      counts.set(column, (counts.get(column) ?? 0) + 1);
    }
  }
  return { mask, rows: [...found].toSorted((a, b) => a - b), counts };
}
