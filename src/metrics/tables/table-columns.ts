import { ConfigError } from "../../errors.ts";
import { quantileBins } from "../codes/quantile-bins.ts";

/** A column of a table as its file has it: numbers, or which of `categories` each row has. */
export type TableColumn =
  | { readonly kind: "number"; readonly values: Float64Array }
  | { readonly kind: "category"; readonly values: Uint16Array; readonly categories: number };

/** Columns of equal length. */
export type TableColumns = readonly TableColumn[];

/** Number of rows. */
export const rowCount = (table: TableColumns): number => table[0]?.values.length ?? 0;

/** Throws ConfigError where tables do not have the same kinds of columns, columns differ in length, or there are fewer than `least` rows. */
export function checkAlike(where: string, tables: readonly TableColumns[], least: number): void {
  const kinds = tables.map((table) => table.map(kindText).join(", "));
  const other = kinds.find((kind) => kind !== kinds[0]);
  if (other !== undefined)
    throw new ConfigError(`${where}: tables differ in their columns, got ${other}, expected ${kinds[0]}`);
  for (const table of tables) {
    const lengths = [...new Set(table.map(({ values }) => values.length))];
    if (lengths.length > 1)
      throw new ConfigError(`${where}: columns differ in length, got ${lengths.join(", ")} rows, expected one length`);
    if (rowCount(table) < least)
      throw new ConfigError(`${where}: too few rows, got ${rowCount(table)}, expected at least ${least}`);
  }
}

const kindText = (column: TableColumn): string =>
  column.kind === "number" ? "numbers" : `${column.categories} categories`;

/** Tables of the same columns, one below the other. */
export const stacked = (tables: readonly TableColumns[]): TableColumns => {
  const rows = tables.reduce((sum, table) => sum + rowCount(table), 0);
  return tables[0]!.map((first, i) => {
    const column = like(first, rows);
    let at = 0;
    for (const table of tables) {
      column.values.set(table[i]!.values, at);
      at += table[i]!.values.length;
    }
    return column;
  });
};

/** Some rows of a table, in the order given. */
export const rowsOf = (table: TableColumns, rows: Uint32Array): TableColumns =>
  table.map((from) => {
    const column = like(from, rows.length);
    rows.forEach((row, i) => (column.values[i] = from.values[row]!));
    return column;
  });

/** A column of the same kind, with room for so many rows. */
const like = (column: TableColumn, rows: number): TableColumn =>
  column.kind === "number"
    ? { kind: "number", values: new Float64Array(rows) }
    : { kind: "category", values: new Uint16Array(rows), categories: column.categories };

/**
 * Bins of each column for trees: quantiles of numbers over all rows, categories in the order of their frequency, the rare ones beyond
 * the last bin together.
 */
export function treeBins(table: TableColumns, bins: number): readonly Uint8Array[] {
  return table.map((column) => {
    if (column.kind === "number") return quantileBins(column.values.length, (row) => column.values[row]!, bins);
    const counts = new Uint32Array(column.categories);
    for (const category of column.values) counts[category]! += 1;
    const place = new Uint8Array(column.categories);
    Array.from(counts.keys())
      .toSorted((a, b) => counts[b]! - counts[a]!)
      .forEach((category, at) => (place[category] = Math.min(at, bins - 1)));
    return Uint8Array.from(column.values, (category) => place[category]!);
  });
}
