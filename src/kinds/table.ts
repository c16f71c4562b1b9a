import { columnWidth } from "../data/tables/column-width.ts";
import { rowText } from "../data/tables/row-text.ts";
import type { Kind } from "./kind.ts";

/** Rows of a table, written in the terms of its columns. The mean of a category is none, so samples are shown. */
export const table: Kind = {
  name: "table",
  shows: "samples",
  files: [".csv", ".npy"],
  *rows(values, columns) {
    const size = columns.reduce((width, column) => width + columnWidth(column), 0);
    for (let at = 0; at < values.length; at += size) yield rowText(columns, values.subarray(at, at + size));
  },
};
