import { DataError } from "../../errors.ts";
import type { Column } from "./column.ts";
import { columnWidth } from "./column-width.ts";
import { createDataset, type Dataset, type FloatStore } from "../dataset.ts";
import { EncodedRows } from "./encoded-rows.ts";
import { fingerprint } from "../fingerprint.ts";
import { columnFlag, namedColumns } from "./column-names.ts";
import { columnClasses, encodeColumn } from "./column-values.ts";
import { ColumnGaps, gapLines } from "./gaps.ts";
import { type ColumnRole, inferColumn, type numberMappings, quantileSteps } from "./infer-column.ts";
import { dropMissing, type MissingValues, refuseMissing } from "./missing-values.ts";
import { RawColumn } from "./raw-column.ts";
import type { GivenForm, ReadingOptions } from "./reading-options.ts";
import type { SpillStorage } from "../storage/spill-storage.ts";
import type { TrainingRows } from "./training-rows.ts";

export interface TableOptions {
  /** Columns to leave out: of each the name, or several names with commas between. */
  readonly drop?: readonly string[];
  /** The column of class labels, which is not part of the examples. */
  readonly condition?: string;
  readonly missing?: MissingValues;
  /**
   * Mapping of numeric columns to model inputs: `standardize`, or `quantile`; `auto` (the default) takes quantiles for columns of many values that
   * are skewed or have one very frequent value.
   */
  readonly numbers?: (typeof numberMappings)[number];
  /** Columns whose values are categories, numbers too: of each the name, or several names with commas between. */
  readonly categories?: readonly string[];
  /** Columns whose values are numbers, few integers too, likewise; text that is no number is missing. */
  readonly asNumber?: readonly string[];
  /** Column types inferred before, by which rows are encoded: columns are found by name, and values that they do not have are gaps. */
  readonly columns?: readonly Column[];
  /** Class names inferred before, likewise. */
  readonly classNames?: readonly string[];
  /** Which of so many rows, with these classes, are trained on: means, quantiles and frequencies are of those alone. Of all rows when missing. */
  readonly trainingRows?: (size: number, labels: Dataset["labels"]) => Uint32Array;
}

const MOST_COLUMNS = 10_000;
const MOST_ROWS = 2 ** 31;
/** Bytes per raw field: a number and a category code. */
const FIELD = 10;
/** Largest number of fields of a table held in memory. */
const MOST_FIELDS = 2 ** 28;
/** Bytes of raw fields held in memory where spill storage is available. */
const MOST_IN_MEMORY = 2 ** 27;

/** How a table is read. */
export interface TableReaderOptions extends Pick<ReadingOptions, "decimal" | "likelyDecimal" | "unit"> {
  /** Opens spill storage for a table that does not fit in memory, on first use: once for raw fields and once for encoded rows. */
  readonly scratch?: () => SpillStorage;
  /** Bytes of raw fields held in memory, 128 MiB by default, where there is such storage. */
  readonly mostInMemory?: number;
  /** Column types inferred before: dates are read in their form. */
  readonly columns?: readonly Column[];
}

/** Names that writers of tables give to columns that have none. */
const UNNAMED = /^(?:Unnamed: \d+|__index_level_\d+__)?$/;

/**
 * Reads a table row by row or column by column and infers column types; numbers and category codes are kept in memory or spill storage. A
 * column is numeric where all values but missing ones are numbers or dates, and not few integers, else categorical. Throws `DataError` naming the
 * row or column.
 */
export class TableReader {
  readonly #name: string;
  readonly #columns: RawColumn[] = [];
  readonly #unnamed = new Set<string>();
  readonly #space: TableReaderOptions;
  /** Fields in memory. */
  #held = 0;
  #spilled: { readonly scratch: SpillStorage; bytes: number } | undefined;
  /** What a reader of the table should know of how it was read, once it is a dataset. */
  readonly notes: string[] = [];

  constructor(name: string, options: TableReaderOptions = {}) {
    this.#name = name;
    this.#space = options;
  }

  /** Sets the column names, `columnN` where one is empty; `given`: how their numbers are written, where that is known. */
  header(given: readonly string[], forms: readonly GivenForm[] = []): void {
    if (given.length > MOST_COLUMNS)
      throw new DataError(`${this.#name}: too many columns, got ${given.length}, expected at most ${MOST_COLUMNS}`);
    const names = given.map((name, i) => (name === "" ? `column${i + 1}` : name));
    const twice = names.find((name, i) => names.indexOf(name) < i);
    if (twice !== undefined)
      throw new DataError(`${this.#name}: two columns of one name, got ${JSON.stringify(twice)} twice, expected one`);
    const { columns = [], ...options } = this.#space;
    const known = new Map(columns.map((column) => [column.name, column]));
    names.forEach((name, i) => {
      const reading = { ...options, known: known.get(name) };
      this.#columns.push(new RawColumn(this.#name, name, { given: forms[i], reading }));
      if (UNNAMED.test(given[i]!)) this.#unnamed.add(name);
    });
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
    const { scratch, mostInMemory = MOST_IN_MEMORY } = this.#space;
    if (!scratch && this.#held > MOST_FIELDS)
      throw new DataError(`${this.#name}: too large, got more than ${MOST_FIELDS} fields, expected at most that`);
    if (!scratch || this.#held * FIELD < mostInMemory) return;
    this.#spilled ??= { scratch: scratch(), bytes: 0 };
    for (const column of this.#columns) this.#spilled.bytes += column.spill(this.#spilled.scratch, this.#spilled.bytes);
    this.#held = 0;
  }

  /** The table as a dataset of real numbers with one example per row. */
  async dataset(options: TableOptions = {}): Promise<Dataset<FloatStore>> {
    const name = this.#name;
    const count = this.#columns[0]?.count ?? 0;
    if (count === 0) throw new DataError(`${name}: no rows, got none, expected some`);
    if (count > MOST_ROWS) throw new DataError(`${name}: too many rows, got ${count}, expected at most ${MOST_ROWS}`);
    for (const column of this.#columns) column.settle();
    const { columns: known, missing = "category" } = options;
    const { kept, label, roleOf } = this.#chosen(options);
    if (missing === "drop" && !known)
      this.notes.push(...dropMissing(name, label ? [...kept, label] : kept, (raw) => roleOf(raw.name)));
    const size = kept[0]!.count;
    const classes =
      label && this.#classes(label, { known: options.classNames, marked: roleOf(label.name) === "category" });
    const training = known ? undefined : rowsAt(size, options.trainingRows?.(size, classes?.labels));
    const inferred = known ?? this.#inferred(kept, roleOf, options, training);
    if (!known) {
      refuseMissing(name, kept, { columns: inferred, roleOf: (raw) => roleOf(raw.name), missing });
      this.#refuseMixedMarks(kept, inferred);
    }
    const rows = new EncodedRows(inferred, size, this.#spilled && this.#space.scratch!());
    const found = known && kept.map((raw) => new ColumnGaps(raw.name));
    const parts = kept.map((raw, i) => {
      const loose = roleOf(raw.name) === "number";
      return rows.write(i, encodeColumn(raw, inferred[i]!, { loose, gaps: found?.[i] }));
    });
    const content = await fingerprint(JSON.stringify(inferred), ...parts);
    const gaps = found?.flatMap((of) => of.list()) ?? [];
    this.notes.push(...gapLines(gaps));
    return createDataset({
      name,
      description: `${size} rows of ${inferred.length} columns from ${name}`,
      shape: [inferred.reduce((width, column) => width + columnWidth(column), 0)],
      size,
      values: { content, ...rows.store() },
      range: null,
      columns: inferred,
      ...(gaps.length > 0 && { gaps }),
      ...classes,
    });
  }

  /** The labels, unless a note says why there are none. */
  #classes(...column: Parameters<typeof columnClasses>): Partial<Pick<Dataset, "labels" | "classNames">> {
    const found = columnClasses(...column);
    if (!("note" in found)) return found;
    this.notes.push(found.note);
    return {};
  }

  /** The columns of the examples and of the labels, and what each is said to be. */
  #chosen({ drop = [], condition, categories = [], asNumber = [], columns: known }: TableOptions): {
    readonly kept: readonly RawColumn[];
    readonly label: RawColumn | undefined;
    readonly roleOf: (name: string) => ColumnRole;
  } {
    const where = this.#name;
    const names = this.#columns.map((column) => column.name);
    const byName = new Map(this.#columns.map((column) => [column.name, column]));
    // Other data of a run may lack columns that it does not use.
    const named = (option: string, entries: readonly string[]): ReadonlySet<string> =>
      namedColumns(where, option, entries, names, { lenient: known !== undefined });
    const [dropped, text, numbers] = [
      named("drop", drop),
      named("categories", categories),
      named("as-number", asNumber),
    ];
    const both = [...text].find((name) => numbers.has(name));
    if (both !== undefined)
      throw new DataError(`${where}: column ${both}: two kinds, got --categories and --as-number, expected one`);
    const roleOf = (name: string): ColumnRole => (text.has(name) ? "category" : numbers.has(name) ? "number" : "auto");
    const label = condition === undefined ? undefined : byName.get(condition);
    if (condition !== undefined && !label && !known)
      throw new DataError(
        `${where}: no such column, got ${JSON.stringify(condition)}, expected one of ${names.join(", ")}`,
      );
    if (known) return { kept: this.#known(known, byName, label), label, roleOf };
    const all = this.#columns.filter((column) => !dropped.has(column.name) && column !== label);
    const counting = all.filter(
      (column) =>
        this.#unnamed.has(column.name) && column.running && column.count > 1 && roleOf(column.name) === "auto",
    );
    for (const { name } of counting)
      this.notes.push(
        `column ${name}: left out, as it has no name and counts the rows; ${columnFlag("as-number", name)} keeps it`,
      );
    const kept = all.filter((column) => !counting.includes(column));
    if (kept.length === 0) throw new DataError(`${where}: no columns are left, got none, expected some`);
    return { kept, label, roleOf };
  }

  /** The columns known before, by their names and in their order. */
  #known(
    known: readonly Column[],
    byName: ReadonlyMap<string, RawColumn>,
    label: RawColumn | undefined,
  ): readonly RawColumn[] {
    const lacking = known.filter(({ name }) => !byName.has(name)).map(({ name }) => name);
    if (lacking.length > 0)
      throw new DataError(
        `${this.#name}: not the columns known before, got no ${lacking.slice(0, 5).join(", ")} among ${[...byName.keys()].join(", ")}, expected ${known.map(({ name }) => name).join(", ")}`,
      );
    const names = new Set(known.map(({ name }) => name));
    const others = [...byName.keys()].filter((name) => !names.has(name) && name !== label?.name);
    if (others.length > 0)
      this.notes.push(`columns left out, as they were not known before: ${others.slice(0, 10).join(", ")}`);
    return known.map(({ name }) => byName.get(name)!);
  }

  #inferred(
    raws: readonly RawColumn[],
    roleOf: (name: string) => ColumnRole,
    { numbers = "auto", missing = "category" }: TableOptions,
    training: TrainingRows,
  ): readonly Column[] {
    const imputed = missing !== "category";
    const learning = { numbers, imputed, training, steps: quantileSteps(raws.length) };
    const inferred = raws.map((raw) => inferColumn(raw, { role: roleOf(raw.name), ...learning }));
    this.notes.push(...inferred.flatMap(({ notes }) => notes));
    const marked = inferred.flatMap(({ column, marked: rows = 0 }) => (rows > 0 ? [`${column.name} (${rows})`] : []));
    if (marked.length > 0)
      this.notes.push(
        `missing values, which are a category of their own: ${marked.join(", ")}; --missing impute puts the most frequent one there, --missing drop leaves the rows out`,
      );
    const few = inferred.filter((each) => each.few).map(({ column }) => column.name);
    if (few.length > 0)
      this.notes.push(
        `few integers or dates, which are categories: ${few.join(", ")}; --as-number COLUMN makes them numbers`,
      );
    return inferred.map(({ column }) => column);
  }

  /** Throws DataError where one column has decimal commas, and another has points that may separate thousands. */
  #refuseMixedMarks(raws: readonly RawColumn[], columns: readonly Column[]): void {
    const numbers = raws.filter((_, i) => columns[i]!.kind === "number");
    const comma = numbers.find(({ style }) => style.decimal === ",");
    const point = numbers.find(({ otherStyle }) => otherStyle !== undefined);
    if (comma && point)
      throw point.error(
        "points may separate thousands",
        `${JSON.stringify(point.texts[0])}, and decimal commas in column ${comma.name}`,
        "a mark that tells; --decimal comma or --decimal point says which it is",
      );
  }
}

/** A byte for each of `size` rows, 1 for those at `places`. */
function rowsAt(size: number, places: Uint32Array | undefined): TrainingRows {
  if (!places) return undefined;
  const rows = new Uint8Array(size);
  for (const place of places) rows[place] = 1;
  return rows;
}
