import { DataError } from "../errors.ts";
import { type Column, columnWidth } from "./column.ts";
import { createDataset, type Dataset, type FloatStore } from "./dataset.ts";
import { fingerprint } from "./fingerprint.ts";
import { type numberMappings, RawColumn } from "./raw-column.ts";

export interface TableOptions {
  /** Columns to leave out. */
  readonly drop?: readonly string[];
  /** The column whose values are the classes, and which is no part of the examples. */
  readonly condition?: string;
  /** `refuse` (the default), or `impute`: the mean of a column of numbers, the most frequent of categories. */
  readonly missing?: "refuse" | "impute";
  /**
   * How columns of numbers become those of models: `standardize`, or by `quantile`s; `auto` (the default) takes the latter where
   * there are many values and these are skewed or heaped on one of them.
   */
  readonly numbers?: (typeof numberMappings)[number];
  /** Columns found before, by which rows are to be read: a value that they do not know is refused. */
  readonly columns?: readonly Column[];
  /** Classes found before, likewise. */
  readonly classNames?: readonly string[];
}

const MOST_COLUMNS = 10_000;
const MOST_CELLS = 2 ** 28;

/**
 * A table read row by row: types are inferred, numbers and the numbers of categories kept. A column in which everything but
 * missing values is a number is one of numbers, any other one of categories. Throws `DataError` naming the row or column.
 */
export class TableReader {
  readonly #name: string;
  readonly #columns: RawColumn[] = [];
  #rows = 0;

  constructor(name: string) {
    this.#name = name;
  }

  /** Names the columns. */
  header(names: readonly string[]): void {
    if (names.length > MOST_COLUMNS)
      throw new DataError(`${this.#name}: too many columns, got ${names.length}, expected at most ${MOST_COLUMNS}`);
    const twice = names.find((name, i) => names.indexOf(name) < i);
    if (twice !== undefined)
      throw new DataError(`${this.#name}: two columns of one name, got ${JSON.stringify(twice)} twice, expected one`);
    for (const name of names) this.#columns.push(new RawColumn(this.#name, name));
  }

  /** Takes the fields of the next row; `line` is the place in the file that errors name. */
  row(fields: readonly string[], line: number): void {
    if (fields.length !== this.#columns.length)
      throw new DataError(
        `${this.#name}: rows differ in length, got ${fields.length} fields in line ${line}, expected ${this.#columns.length} as in the first`,
      );
    if (this.#rows * fields.length > MOST_CELLS)
      throw new DataError(`${this.#name}: too large, got more than ${MOST_CELLS} fields, expected at most that`);
    fields.forEach((field, i) => this.#columns[i]!.push(field, line));
    this.#rows += 1;
  }

  /** The table as a dataset of real numbers, a row an example. */
  async dataset(options: TableOptions = {}): Promise<Dataset<FloatStore>> {
    const name = this.#name;
    if (this.#rows === 0) throw new DataError(`${name}: no rows, got none, expected some`);
    const { drop = [], condition, missing = "refuse", numbers = "auto", columns: known } = options;
    for (const wanted of [...drop, ...(condition === undefined ? [] : [condition])])
      if (!this.#columns.some((column) => column.name === wanted))
        throw new DataError(
          `${name}: no such column, got ${JSON.stringify(wanted)}, expected one of ${this.#columns.map((c) => c.name).join(", ")}`,
        );
    const kept = this.#columns.filter((column) => !drop.includes(column.name) && column.name !== condition);
    if (kept.length === 0) throw new DataError(`${name}: no columns are left, got none, expected some`);
    const expected = known?.map((column) => column.name).join();
    if (expected !== undefined && expected !== kept.map((column) => column.name).join())
      throw new DataError(
        `${name}: not the columns known before, got ${kept.map((c) => c.name).join(", ")}, expected ${expected}`,
      );
    if (missing === "refuse") this.#refuseMissing(kept);
    const columns = kept.map((column, i) => known?.[i] ?? column.infer(numbers));
    const parts = kept.map((column, i) => column.encode(columns[i]!));
    const label = this.#columns.find((column) => column.name === condition);
    return createDataset({
      name,
      description: `${this.#rows} rows of ${columns.length} columns from ${name}`,
      shape: [columns.reduce((width, column) => width + columnWidth(column), 0)],
      size: this.#rows,
      values: {
        content: await fingerprint(JSON.stringify(columns), ...parts.map(bytesOf)),
        readFloats: (row, into) => expand(columns, parts, row, into),
      },
      range: null,
      columns,
      ...(label && label.classes(options.classNames)),
    });
  }

  #refuseMissing(columns: readonly RawColumn[]): void {
    const lacking = columns.filter((column) => column.missing > 0);
    if (lacking.length === 0) return;
    const counts = lacking.slice(0, 5).map((column) => `${column.missing} in ${column.name}`);
    const more = lacking.length > counts.length ? ` and ${lacking.length - counts.length} more columns` : "";
    throw new DataError(
      `${this.#name}: values are missing, got ${counts.join(", ")}${more}, expected none; --missing impute puts the mean or the most frequent value there`,
    );
  }
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array | Uint16Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

function expand(
  columns: readonly Column[],
  parts: readonly (Float32Array | Uint16Array)[],
  row: number,
  into: Float32Array,
): void {
  into.fill(0);
  let at = 0;
  columns.forEach((column, i) => {
    const value = parts[i]![row]!;
    if (column.kind === "number") into[at] = value;
    else into[at + value] = 1;
    at += columnWidth(column);
  });
}
