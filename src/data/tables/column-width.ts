import type { Column } from "./column.ts";

/** Number of model inputs of a column. */
export const columnWidth = (column: Column): number => (column.kind === "number" ? 1 : column.values.length);
