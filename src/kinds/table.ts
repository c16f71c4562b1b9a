import { csvText, rowText } from "../data/tables/row-text.ts";
import type { Kind } from "./kind.ts";

/** Rows of a table, written in the terms of its columns. The mean of a category is none, so samples are shown. */
export const table: Kind = {
  name: "table",
  shows: "samples",
  files: [".csv", ".npy"],
  text(values, { count, columns }) {
    const size = values.length / count;
    const rows = Array.from({ length: count }, (_, i) => rowText(columns, values.subarray(i * size, (i + 1) * size)));
    return csvText(columns, rows);
  },
};
