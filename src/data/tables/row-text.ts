import { csvLine } from "../formats/csv.ts";
import type { Column, NumberColumn } from "./column.ts";
import { columnWidth } from "./column-width.ts";
import { dateReader, dateText } from "./text/date-form.ts";
import { fromModel } from "./numbers/number-scaling.ts";
import { numberText } from "./text/written-numbers.ts";

/** A value of a numeric column as the table writes it: a number, or a date. */
export const valueText = (column: NumberColumn, value: number): string =>
  column.date === undefined ? numberText(value, column) : dateText(column.date, value);

/** Reads a value of a numeric column as the table writes it; dates as seconds. */
export const valueReader = ({ date }: NumberColumn): ((text: string) => number) =>
  date === undefined ? Number : dateReader(date);

/**
 * An example as the text of its columns: numbers and dates in original units, clamped to the observed range and written as in the table;
 * categories by largest value.
 */
export function rowText(columns: readonly Column[], example: Float32Array): readonly string[] {
  let at = 0;
  return columns.map((column) => {
    const part = example.subarray(at, (at += columnWidth(column)));
    if (column.kind === "category") return column.values[part.indexOf(Math.max(...part))] ?? "";
    return valueText(column, Math.min(column.max, Math.max(column.min, fromModel(column, part[0]!))));
  });
}

/** Rows of text as CSV (RFC 4180), after a header of column names. */
export function csvText(columns: readonly Pick<Column, "name">[], rows: Iterable<readonly string[]>): string {
  return [columns.map((column) => column.name), ...rows].map(csvLine).join("");
}
