import { DataError } from "../../errors.ts";
import { type Column, columnWidth } from "./column.ts";
import { createDataset, type Dataset, type FloatStore } from "../dataset.ts";
import { EncodedRows } from "./encoded-rows.ts";
import { fingerprint } from "../fingerprint.ts";
import { type numberMappings, RawColumn } from "./raw-column.ts";
import type { SpillStorage } from "../storage/spill-storage.ts";

export interface TableOptions {
  /** Columns to leave out. */
  readonly drop?: readonly string[];
  /** The column of class labels, which is not part of the examples. */
  readonly condition?: string;
  /** Missing values: `refuse` (the default), or `impute` the mean of a numeric column and the mode of a categorical one. */
  readonly missing?: "refuse" | "impute";
  /**
   * Mapping of numeric columns to model inputs: `standardize`, or `quantile`; `auto` (the default) takes quantiles for columns of many values that
   * are skewed or have one very frequent value.
   */
  readonly numbers?: (typeof numberMappings)[number];
  /** Column types inferred before, by which rows are encoded: unknown categories are refused. */
  readonly columns?: readonly Column[];
  /** Class names inferred before, likewise. */
  readonly classNames?: readonly string[];
}

const MOST_COLUMNS = 10_000;
const MOST_ROWS = 2 ** 31;
/** Bytes per raw field: a number and a category code. */
const FIELD = 10;
/** Largest number of fields of a table held in memory. */
const MOST_FIELDS = 2 ** 28;
/** Bytes of raw fields held in memory where spill storage is available. */
const MOST_IN_MEMORY = 2 ** 27;

/** Spill storage for a table that does not fit in memory. */
export interface SpillOptions {
  /** Opens storage on first use: once for raw fields and once for encoded rows. */
  readonly scratch: () => SpillStorage;
  /** Bytes of raw fields held in memory, 128 MiB by default. */
  readonly mostInMemory?: number;
}

/**
 * Reads a table row by row or column by column and infers column types; numbers and category codes are kept in memory or spill storage. A
 * column is numeric where all values but missing ones are numbers, else categorical. Throws `DataError` naming the row or column.
 */
export class TableReader {
  readonly #name: string;
  readonly #columns: RawColumn[] = [];
  readonly #space: SpillOptions | undefined;
  /** Fields in memory. */
  #held = 0;
  #spilled: { readonly scratch: SpillStorage; bytes: number } | undefined;

  constructor(name: string, space?: SpillOptions) {
    this.#name = name;
    this.#space = space;
  }

  /** Sets the column names. */
  header(names: readonly string[]): void {
    if (names.length > MOST_COLUMNS)
      throw new DataError(`${this.#name}: too many columns, got ${names.length}, expected at most ${MOST_COLUMNS}`);
    const twice = names.find((name, i) => names.indexOf(name) < i);
    if (twice !== undefined)
      throw new DataError(`${this.#name}: two columns of one name, got ${JSON.stringify(twice)} twice, expected one`);
    for (const name of names) this.#columns.push(new RawColumn(this.#name, name));
  }

  /** Adds the fields of the next row; `line` is its line in the file, for errors. */
  row(fields: readonly string[], line: number): void {
    if (fields.length !== this.#columns.length)
      throw new DataError(
        `${this.#name}: rows differ in length, got ${fields.length} fields in line ${line}, expected ${this.#columns.length} as in the first`,
      );
    fields.forEach((field, i) => this.#columns[i]!.push(field, line));
    this.#took(fields.length);
  }

  /** Adds the next values of one column: numbers (NaN where missing) or text; `line` is that of the first. */
  values(column: number, values: Float64Array | readonly string[], line: number): void {
    const raw = this.#columns[column]!;
    if (values instanceof Float64Array) for (let i = 0; i < values.length; i++) raw.pushNumber(values[i]!, line + i);
    else values.forEach((field, i) => raw.push(field, line + i));
    this.#took(values.length);
  }

  /** Counts fields, and spills those in memory where they are too many. */
  #took(fields: number): void {
    this.#held += fields;
    if (!this.#space && this.#held > MOST_FIELDS)
      throw new DataError(`${this.#name}: too large, got more than ${MOST_FIELDS} fields, expected at most that`);
    if (!this.#space || this.#held * FIELD < (this.#space.mostInMemory ?? MOST_IN_MEMORY)) return;
    this.#spilled ??= { scratch: this.#space.scratch(), bytes: 0 };
    for (const column of this.#columns) this.#spilled.bytes += column.spill(this.#spilled.scratch, this.#spilled.bytes);
    this.#held = 0;
  }

  /** The table as a dataset of real numbers with one example per row. */
  async dataset(options: TableOptions = {}): Promise<Dataset<FloatStore>> {
    const name = this.#name;
    const size = this.#columns[0]?.count ?? 0;
    if (size === 0) throw new DataError(`${name}: no rows, got none, expected some`);
    if (size > MOST_ROWS) throw new DataError(`${name}: too many rows, got ${size}, expected at most ${MOST_ROWS}`);
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
    const rows = new EncodedRows(columns, size, this.#spilled && this.#space!.scratch());
    const parts = kept.map((column, i) => rows.write(i, column.encode(columns[i]!)));
    const label = this.#columns.find((column) => column.name === condition);
    const content = await fingerprint(JSON.stringify(columns), ...parts);
    return createDataset({
      name,
      description: `${size} rows of ${columns.length} columns from ${name}`,
      shape: [columns.reduce((width, column) => width + columnWidth(column), 0)],
      size,
      values: { content, ...rows.store() },
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
