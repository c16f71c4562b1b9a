import { basename } from "node:path";
import {
  type AsyncBuffer,
  asyncBufferFromFile,
  type ColumnMetaData,
  parquetMetadataAsync,
  parquetRead,
  parquetSchema,
  type SchemaTree,
} from "hyparquet";
import { parquetHeader } from "hyparquet/src/column.js";
import { compressors } from "hyparquet-compressors";
import type { DataSource, SplitOptions } from "../data/split.ts";
import { type TableOptions, TableReader } from "../data/table.ts";
import { DataError } from "../errors.ts";
import { tableSource } from "./data-table.ts";

/** Values of a group of rows, which are held at a time. */
const MOST_VALUES = 2 ** 26;
/** Bytes that a page may claim to unpack to. */
const MOST_PAGE = 2 ** 28;

/**
 * Opens a Parquet file as a table: numbers, text, booleans and dates (as ISO 8601), a group of rows at a time. A tenth is held out
 * to test. Throws `DataError` for a file that is not one, is damaged, has columns within columns or claims sizes beyond reason.
 */
export async function openParquet(path: string, options: TableOptions & SplitOptions): Promise<DataSource> {
  const name = basename(path);
  const reader = new TableReader(name);
  const { drop = [] } = options;
  const left: string[] = [];
  try {
    const file = await asyncBufferFromFile(path);
    const metadata = await parquetMetadataAsync(file);
    const { children } = parquetSchema(metadata);
    const columns = children.filter((column) => !(isNested(column) && drop.includes(column.element.name)));
    const nested = columns.find(isNested);
    if (nested)
      throw new DataError(
        `${name}: column ${nested.element.name}: values within values, got a list or group, expected numbers or text; --drop ${nested.element.name} leaves the column out`,
      );
    const names = columns.map(({ element }) => element.name);
    left.push(...drop.filter((each) => names.includes(each) || !children.some(({ element }) => element.name === each)));
    reader.header(names);
    let line = 0;
    for (const { num_rows, columns: group } of metadata.row_groups) {
      const rows = Number(num_rows);
      if (!(rows >= 0 && rows * columns.length <= MOST_VALUES))
        throw new DataError(
          `${name}: a group of rows is too large, got ${num_rows} rows of ${columns.length} columns, expected at most ${MOST_VALUES} values; write smaller groups`,
        );
      for (const { meta_data } of group) await checkPages(file, meta_data, rows);
      let found: readonly (readonly unknown[])[] = [];
      await parquetRead({
        file,
        metadata,
        compressors: bounded,
        columns: names,
        rowStart: line,
        rowEnd: line + rows,
        onComplete: (all) => (found = all),
      });
      if (found.length !== rows)
        throw new DataError(`${name}: rows are missing, got ${found.length} in a group, expected ${num_rows}`);
      for (const row of found)
        reader.row(
          row.map((value, i) => textOf(name, names[i]!, value)),
          ++line,
        );
    }
  } catch (cause) {
    // Whatever its reader stumbles over is the file's fault: nothing else is open here.
    if (cause instanceof DataError || !(cause instanceof Error)) throw cause;
    const [reason] = cause.message.split("\n");
    throw new DataError(`${name}: not a Parquet file it can read, got: ${reason}, expected a whole one`, { cause });
  }
  return tableSource(reader, path, { ...options, drop: left });
}

/**
 * Walks the page headers of a column before its reader does, which trusts them: a page that claims to be shorter than nothing has
 * it go in circles (hyparquet 1.31). Throws where a page leaves its column, or claims more values or bytes than there can be.
 */
async function checkPages(file: AsyncBuffer, about: ColumnMetaData | undefined, rows: number): Promise<void> {
  if (!about) throw new Error("a column without a place");
  const start = Number(about.dictionary_page_offset || about.data_page_offset);
  const end = start + Number(about.total_compressed_size);
  if (!(start >= 0 && end >= start && end <= file.byteLength))
    throw new Error(`a column lies from byte ${start} to ${end} of ${file.byteLength}`);
  const reader = { view: new DataView(await file.slice(start, end)), offset: 0 };
  while (reader.offset < reader.view.byteLength - 1) {
    const { compressed_page_size: packed, uncompressed_page_size: unpacked, ...page } = parquetHeader(reader);
    const { data_page_header: v1, data_page_header_v2: v2, dictionary_page_header: dictionary } = page;
    const left = reader.view.byteLength - reader.offset;
    if (!(packed >= 0 && packed <= left && unpacked >= 0 && unpacked <= MOST_PAGE))
      throw new Error(`a page claims ${packed} bytes that unpack to ${unpacked}, with ${left} left`);
    const values = (v1 ?? v2 ?? dictionary)?.num_values ?? 0;
    const most = dictionary ? MOST_VALUES : rows;
    // Lists may hold more values than there are rows, but such a column is not read.
    if (!(values >= 0 && values <= most) && about.path_in_schema.length === 1)
      throw new Error(`a page claims ${values} values, more than ${most}`);
    reader.offset += packed;
  }
}

const isNested = ({ children, element }: SchemaTree): boolean =>
  children.length > 0 || element.repetition_type === "REPEATED";

const bounded = Object.fromEntries(
  Object.entries(compressors).map(([codec, unpack]) => [
    codec,
    (bytes: Uint8Array, length: number): Uint8Array => {
      if (length > MOST_PAGE) throw new Error(`a page claims ${length} bytes, more than ${MOST_PAGE}`);
      return unpack(bytes, length);
    },
  ]),
);

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
