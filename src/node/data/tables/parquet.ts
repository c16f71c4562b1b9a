import { basename } from "node:path";
import { asyncBufferFromFile, parquetMetadataAsync, parquetSchema, type SchemaTree } from "hyparquet";
import type { DataSource } from "../../../data/split.ts";
import { TableReader } from "../../../data/tables/table.ts";
import { DataError, LatentkitError } from "../../../errors.ts";
import { type TableFileOptions, tableSource } from "./table.ts";
import { columnPages, MOST_ROWS } from "./parquet-pages.ts";
import { scratchFile } from "../../files/scratch-file.ts";

/**
 * Opens a Parquet file as a table: numbers, text, booleans and dates (as ISO 8601), a page at a time. A tenth is held out
 * to test. Throws `DataError` for a file that is not one, is damaged, has columns within columns or claims sizes beyond reason.
 */
export async function openParquet(path: string, options: TableFileOptions): Promise<DataSource> {
  const name = basename(path);
  const reader = new TableReader(name, { scratch: scratchFile, ...options });
  const { drop = [] } = options;
  const left: string[] = [];
  try {
    const file = await asyncBufferFromFile(path);
    const metadata = await parquetMetadataAsync(file);
    const root = parquetSchema(metadata);
    const columns = root.children.filter((column) => !(isNested(column) && drop.includes(column.element.name)));
    const nested = columns.find(isNested);
    if (nested)
      throw new DataError(
        `${name}: column ${nested.element.name}: values within values, got a list or group, expected numbers or text; --drop ${nested.element.name} leaves the column out`,
      );
    const names = columns.map(({ element }) => element.name);
    left.push(
      ...drop.filter((each) => names.includes(each) || !root.children.some(({ element }) => element.name === each)),
    );
    reader.header(names);
    let line = 1;
    for (const { num_rows, columns: group } of metadata.row_groups) {
      const rows = Number(num_rows);
      if (!(rows >= 0 && rows <= MOST_ROWS))
        throw new DataError(
          `${name}: a group of rows is too large, got ${num_rows} rows, expected at most ${MOST_ROWS}; write smaller groups`,
        );
      for (const [i, column] of columns.entries()) {
        const about = group.find(({ meta_data }) => meta_data?.path_in_schema.join("\0") === names[i])?.meta_data;
        let row = line;
        for await (const values of columnPages(file, column, root, about, rows)) {
          reader.values(i, numbersOf(values) ?? Array.from(values, (value) => textOf(name, names[i]!, value)), row);
          row += values.length;
        }
      }
      line += rows;
      options.onProgress?.({ source: path, done: line - 1, total: Number(metadata.num_rows) });
    }
  } catch (cause) {
    // Whatever its reader stumbles over is the file's fault: nothing else is open here.
    if (cause instanceof LatentkitError || !(cause instanceof Error)) throw cause;
    const [reason] = cause.message.split("\n");
    throw new DataError(`${name}: not a Parquet file it can read, got: ${reason}, expected a whole one`, { cause });
  }
  return tableSource(reader, path, { ...options, drop: left });
}

const isNested = ({ children, element }: SchemaTree): boolean =>
  children.length > 0 || element.repetition_type === "REPEATED";

/** Values that are numbers, NaN where there is none; undefined for others. */
function numbersOf(values: ArrayLike<unknown>): Float64Array | undefined {
  const numbers = new Float64Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (typeof value === "number") numbers[i] = value;
    // Beyond the integers that float64 represents exactly, one may be the name of a category.
    else if (typeof value === "bigint" && BigInt.asIntN(53, value) === value) numbers[i] = Number(value);
    else if (value === null || value === undefined) numbers[i] = Number.NaN;
    else return undefined;
  }
  return numbers;
}

/** A value as a table of text has it. */
function textOf(name: string, column: string, value: unknown): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "number" || typeof value === "bigint" || typeof value === "boolean" || typeof value === "string")
    return String(value);
  if (value instanceof Date) return value.toISOString();
  throw new DataError(
    `${name}: column ${column}: values it cannot read, got bytes or a structure, expected numbers or text`,
  );
}
