import { createReadStream } from "node:fs";
import { basename, extname } from "node:path";
import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { CsvError, parse } from "csv-parse";
import { createDataSource, split, type DataSource, type SplitOptions } from "../../../data/split.ts";
import type { OnLoadProgress } from "../../../data/options.ts";
import { TableReader, type TableOptions, type SpillOptions } from "../../../data/tables/table.ts";
import { DataError } from "../../../errors.ts";
import { scratchFile } from "../../files/scratch-file.ts";

const DELIMITERS = [",", ";", "\t", "|"];
export interface TableFileOptions extends TableOptions, SplitOptions, Pick<SpillOptions, "mostInMemory"> {
  readonly onProgress?: OnLoadProgress;
}

/** Characters of one row. */
const MOST_ROW = 1 << 22;

/**
 * Opens a table of text: CSV, TSV or the like, plain or .gz. Fields are parted by the one of comma, semicolon, tab and bar that
 * the first line has most of. The first line is a header unless one of its fields is a number or empty. A tenth is held out to
 * test. Throws `DataError` naming the line or column.
 */
export async function openTable(path: string, options: TableFileOptions): Promise<DataSource> {
  const name = basename(path);
  const reader = new TableReader(name, { scratch: scratchFile, ...options });
  const delimiter = /\.tsv(\.gz)?$/i.test(path) ? "\t" : await delimiterOf(path, name);
  let named = false;
  for await (const { record, line } of rows(path, name, delimiter)) {
    if (!named) {
      named = true;
      const header = record.every((field) => field !== "" && Number.isNaN(Number(field)));
      reader.header(header ? record : record.map((_, i) => `column${i + 1}`));
      if (header) continue;
    }
    reader.row(record, line);
  }
  return tableSource(reader, path, options);
}

/** What was read as a data source, a tenth held out to test. */
export async function tableSource(reader: TableReader, path: string, options: TableFileOptions): Promise<DataSource> {
  const dataset = await reader.dataset(options);
  const numbers = dataset.columns!.filter(({ kind }) => kind === "number").length;
  const { condition } = options;
  return createDataSource({
    name: dataset.name,
    description: `${dataset.size} rows of ${path}: ${numbers} columns of numbers, standardized, ${dataset.columns!.length - numbers} of categories, one-hot${condition === undefined ? "" : `, classes by ${condition}`}`,
    ...split(dataset, { ...options, test: 0.1 }),
  });
}

interface Row {
  readonly record: readonly string[];
  readonly line: number;
}

/** The rows of a file. */
async function* rows(path: string, name: string, delimiter: string): AsyncGenerator<Row> {
  const parser = parse({
    delimiter,
    bom: true,
    trim: true,
    skip_empty_lines: true,
    relax_column_count: true,
    max_record_size: MOST_ROW,
    info: true,
  });
  const text = textOf(path);
  text.on("error", (error) => parser.destroy(error));
  try {
    for await (const { record, info } of text.pipe(parser) as AsyncIterable<{
      record: string[];
      info: { lines: number };
    }>)
      yield { record, line: info.lines };
  } catch (cause) {
    if (cause instanceof DataError) throw cause;
    const known = cause instanceof CsvError || (cause instanceof Error && "code" in cause);
    if (!known) throw cause;
    const [reason] = cause.message.split("\n");
    throw new DataError(
      `${name}: not a table it can read, got: ${reason}, expected rows of text parted by ${shown(delimiter)}`,
      {
        cause,
      },
    );
  } finally {
    text.destroy();
  }
}

const shown = (delimiter: string): string => (delimiter === "\t" ? "tabs" : `"${delimiter}"`);

function textOf(path: string): Readable {
  const file = createReadStream(path, { highWaterMark: 1 << 18 });
  if (extname(path).toLowerCase() !== ".gz") return file;
  const unpacked = createGunzip();
  file.on("error", (error) => unpacked.destroy(error));
  return file.pipe(unpacked);
}

/** The delimiter that the first line has most of outside of quotes; a comma where it has none. Throws DataError for one without end. */
async function delimiterOf(path: string, name: string): Promise<string> {
  const text = textOf(path);
  let start = "";
  try {
    for await (const chunk of text as AsyncIterable<Buffer>) {
      start += chunk.toString("utf8");
      if (/[\r\n]/.test(start) || start.length > MOST_ROW) break;
    }
  } catch {
    // Reading the rows meets the same error, and says it in one line.
    return ",";
  } finally {
    text.destroy();
  }
  const [line = ""] = start.split(/[\r\n]/, 1);
  if (line.length > MOST_ROW)
    throw new DataError(
      `${name}: not a table it can read, got: a first line of more than ${MOST_ROW} characters, expected rows of text`,
    );
  const outside = line.replaceAll(/"[^"]*"/g, "");
  const count = (delimiter: string): number => outside.split(delimiter).length;
  return DELIMITERS.toSorted((a, b) => count(b) - count(a))[0]!;
}
