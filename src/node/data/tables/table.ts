import { scalingOf } from "../../../data/tables/numbers/number-scaling.ts";
import { basename } from "node:path";
import { Readable } from "node:stream";
import { CsvError, parse } from "csv-parse";
import { createDataSource, dividedPlaces, split, type DataSource, type SplitOptions } from "../../../data/split.ts";
import type { OnLoadProgress } from "../../../data/options.ts";
import type { Column } from "../../../data/tables/column.ts";
import { TableReader, type TableOptions, type TableReaderOptions } from "../../../data/tables/table.ts";
import { DataError } from "../../../errors.ts";
import { scratchFile } from "../../files/scratch-file.ts";
import { blanksAsTabs, type Delimiter, delimiterOf, delimiterText, MOST_ROW } from "./delimiter.ts";
import { headerNames, isHeader } from "./header.ts";
import { fileText } from "./table-text.ts";

export interface TableFileOptions
  extends TableOptions, SplitOptions, Pick<TableReaderOptions, "mostInMemory" | "decimal"> {
  readonly onProgress?: OnLoadProgress;
  /** Whether the first line names the columns; told by what it holds when missing. */
  readonly header?: "yes" | "no";
  /** A label of the Encoding Standard; UTF-8, or UTF-16 by its byte order mark, when missing. */
  readonly encoding?: string;
}

/** Rows that tell whether there is a header. */
const TELLING_ROWS = 1000;

/**
 * Opens a table of text: CSV, TSV or the like, plain or .gz. Fields are separated by the one of comma, semicolon, tab and bar that
 * the first line has most of, or by blanks. A tenth is held out to test. Throws `DataError` naming the line or column.
 */
export async function openTable(path: string, options: TableFileOptions): Promise<DataSource> {
  const name = basename(path);
  const text = (): AsyncGenerator<string> => fileText(path, name, options.encoding);
  const delimiter = await delimiterOf(text(), path, name);
  // With a comma between fields, numbers have decimal points.
  const likelyDecimal = delimiter === "," ? ({ likelyDecimal: "point" } as const) : {};
  const reader = new TableReader(name, { scratch: scratchFile, ...likelyDecimal, ...options });
  let head: Row[] | undefined = [];
  const begin = (rows: readonly Row[]): void => {
    head = undefined;
    for (const { record, line } of begun(reader, rows, options)) reader.row(record, line);
  };
  for await (const row of rows(text(), name, delimiter)) {
    if (!head) reader.row(row.record, row.line);
    else if (head.push(row) === TELLING_ROWS) begin(head);
  }
  if (head) begin(head);
  return tableSource(reader, path, options);
}

/** Names the columns by the first rows, and gives those that are no header. */
function begun(reader: TableReader, rows: readonly Row[], options: TableFileOptions): readonly Row[] {
  const [first, second] = rows;
  if (!first) return rows;
  const named =
    options.header === undefined
      ? isHeader(
          rows.map(({ record }) => record),
          options.columns?.map(({ name }) => name),
        )
      : options.header === "yes";
  reader.header(named ? headerNames(first.record, second?.record) : first.record.map((_, i) => `column${i + 1}`));
  // Of another table of a run, its names have been compared with those of the run.
  if (options.header === undefined && !options.columns)
    reader.notes.push(
      named
        ? "first line: names of columns (--header no makes it a row)"
        : "first line: a row, not names of columns (--header yes makes it names)",
    );
  return named ? rows.slice(1) : rows;
}

/** What was read as a data source, a tenth held out to test. */
export async function tableSource(reader: TableReader, path: string, options: TableFileOptions): Promise<DataSource> {
  const dividing = { ...options, test: 0.1 };
  const dataset = await reader.dataset({
    ...options,
    ...(!options.whole && {
      trainingRows: (size, labels) => dividedPlaces(size, labels && ((at) => labels[at]!), dividing).train,
    }),
  });
  const { condition } = options;
  const classes = condition === undefined ? "" : `, classes by ${condition}`;
  return createDataSource({
    name: dataset.name,
    description: `${dataset.size} rows of ${path}: ${columnCounts(dataset.columns!)}${classes}`,
    ...(reader.notes.length > 0 && { notes: reader.notes }),
    ...split(dataset, dividing),
  });
}

/** How many columns there are of each kind. */
function columnCounts(columns: readonly Column[]): string {
  const count = (is: (column: Column) => boolean): number => columns.filter(is).length;
  const numbers = count((column) => column.kind === "number");
  const quantiles = count((column) => column.kind === "number" && scalingOf(column) === "quantile");
  const counts: readonly (readonly [number, string])[] = [
    [numbers - quantiles, "of numbers, standardized"],
    [quantiles, "of numbers, by quantiles"],
    [columns.length - numbers, "of categories, one-hot"],
  ];
  const said = counts.filter(([many]) => many > 0).map(([many, what]) => `${many} ${what}`);
  return said.join(", ").replace(/^\d+/, (many) => `${many} column${many === "1" ? "" : "s"}`);
}

interface Row {
  readonly record: readonly string[];
  readonly line: number;
}

/** The rows of a file. */
async function* rows(text: AsyncIterable<string>, name: string, delimiter: Delimiter): AsyncGenerator<Row> {
  const blanks = delimiter === "blanks";
  const parser = parse({
    delimiter: blanks ? "\t" : delimiter,
    bom: true,
    trim: true,
    skip_empty_lines: true,
    relax_column_count: true,
    max_record_size: MOST_ROW,
    info: true,
  });
  const source = Readable.from(blanks ? blanksAsTabs(text) : text);
  source.on("error", (error) => parser.destroy(error));
  try {
    for await (const { record, info } of source.pipe(parser) as AsyncIterable<{
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
      `${name}: not a table it can read, got: ${reason}, expected rows of text separated by ${delimiterText(delimiter)}`,
      { cause },
    );
  } finally {
    source.destroy();
  }
}
