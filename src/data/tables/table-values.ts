import type { Column } from "./column.ts";
import { columnWidth } from "./column-width.ts";
import { rowText, valueReader } from "./row-text.ts";

/** A column's values as a file has them: numbers, or indices of categories. */
export type ColumnValues =
  | { readonly kind: "number"; readonly values: Float64Array }
  | { readonly kind: "category"; readonly values: Uint16Array; readonly categories: number };

/** Examples [count, width] in the terms of their columns, as they would be written: in original units and rounded. */
export function tableColumns(columns: readonly Column[], x: Float32Array): readonly ColumnValues[] {
  const width = columns.reduce((sum, column) => sum + columnWidth(column), 0);
  const count = x.length / width;
  const readers = columns.map((column) => {
    if (column.kind === "number") return valueReader(column);
    const places = new Map(column.values.map((value, k) => [value, k]));
    return (text: string) => places.get(text)!;
  });
  const table = columns.map((column): ColumnValues =>
    column.kind === "category"
      ? { kind: "category", values: new Uint16Array(count), categories: column.values.length }
      : { kind: "number", values: new Float64Array(count) },
  );
  for (let row = 0; row < count; row++)
    rowText(columns, x.subarray(row * width, (row + 1) * width)).forEach((text, i) => {
      table[i]!.values[row] = readers[i]!(text);
    });
  return table;
}
