import { basename } from "node:path";
import { asyncBufferFromFile, parquetSchema, type SchemaTree } from "hyparquet";
import type { DataSource } from "../../../data/split.ts";
import { columnFlag, namedColumns } from "../../../data/tables/column-names.ts";
import { TableReader } from "../../../data/tables/table.ts";
import { DataError, LatentkitError } from "../../../errors.ts";
import { type TableFileOptions, tableSource } from "./table.ts";
import { parquetFooter } from "./parquet-footer.ts";
import { columnPages, MOST_ROWS } from "./parquet-pages.ts";
import { givenForm } from "./parquet-types.ts";
import { readValues } from "./parquet-values.ts";
import { scratchFile } from "../../files/scratch-file.ts";

/**
 * Opens a Parquet file as a table: numbers, text, booleans and dates (as ISO 8601), a page at a time. A tenth is held out
 * to test. Throws `DataError` for a file that is not one, is damaged, has columns within columns or claims sizes beyond reason.
 */
export async function openParquet(path: string, options: TableFileOptions): Promise<DataSource> {
  const name = basename(path);
  const reader = new TableReader(name, { scratch: scratchFile, ...options, unit: "row" });
  const { drop = [], columns: known } = options;
  try {
    const file = await asyncBufferFromFile(path);
    const metadata = await parquetFooter(file);
    const root = parquetSchema(metadata);
    const all = root.children.map(({ element }) => element.name);
    const dropped = namedColumns(name, "drop", drop, all, { lenient: known !== undefined });
    const columns = root.children.filter(({ element }) => !dropped.has(element.name));
    const nested = columns.find(isNested);
    if (nested)
      throw new DataError(
        `${name}: column ${nested.element.name}: values within values, got a list or group, expected numbers or text; ${columnFlag("drop", nested.element.name)} leaves the column out`,
      );
    const names = columns.map(({ element }) => element.name);
    reader.header(
      names,
      columns.map(({ element }) => givenForm(element)),
    );
    let line = 1;
    for (const { num_rows, columns: group } of metadata.row_groups) {
      const rows = Number(num_rows);
      if (!(rows >= 0 && rows <= MOST_ROWS))
        throw new DataError(
          `${name}: a group of rows is too large, got ${num_rows} rows, expected at most ${MOST_ROWS}; write smaller groups`,
        );
      const byName = new Map(group.map(({ meta_data }) => [meta_data?.path_in_schema.join("\0"), meta_data]));
      for (const [i, column] of columns.entries()) {
        const about = byName.get(names[i]);
        let row = line;
        const where = `${name}: column ${names[i]!}`;
        for await (const page of columnPages(file, column, root, about, rows)) {
          reader.values(i, readValues(page, column.element, where), row);
          row += page.rows;
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
  return tableSource(reader, path, { ...options, drop: [] });
}

const isNested = ({ children, element }: SchemaTree): boolean =>
  children.length > 0 || element.repetition_type === "REPEATED";
