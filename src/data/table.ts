import { DataError } from "../errors.ts";
import { type Column, columnWidth } from "./column.ts";
import { createDataset, type Dataset, type FloatStore } from "./dataset.ts";
import { fingerprint } from "./fingerprint.ts";

export interface TableOptions {
  /** Columns to leave out. */
  readonly drop?: readonly string[];
  /** The column whose values are the classes, and which is no part of the examples. */
  readonly condition?: string;
  /** `refuse` (the default), or `impute`: the mean of a column of numbers, the most frequent of categories. */
  readonly missing?: "refuse" | "impute";
  /** Columns found before, by which rows are to be read: a value that they do not know is refused. */
  readonly columns?: readonly Column[];
  /** Classes found before, likewise. */
  readonly classNames?: readonly string[];
}

/** Text that stands for no value, in any case. */
const MISSING = new Set(["", "?", "na", "n/a", "nan", "null", "none"]);
const NUMBER = /^[+-]?(?:\d+\.?(\d*)|\.(\d+))(?:e[+-]?\d+)?$/i;
const MOST_COLUMNS = 10_000;
const MOST_CATEGORIES = 1000;
const MOST_CLASSES = 256;
const MOST_CELLS = 2 ** 28;
const MOST_DECIMALS = 6;
const NONE = 0xffff;

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
    const { drop = [], condition, missing = "refuse", columns: known } = options;
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
    const columns = kept.map((column, i) => known?.[i] ?? column.infer());
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

/** The fields of one column as they come: numbers while all are, and categories while there are few. */
class RawColumn {
  readonly name: string;
  readonly #file: string;
  #numbers: Float64Array<ArrayBuffer> | undefined = new Float64Array(1024);
  #codes = new Uint16Array(1024);
  readonly #categories = new Map<string, number>();
  /** The place of the first category too many. */
  #tooMany = false;
  #decimals = 0;
  #count = 0;
  missing = 0;

  constructor(file: string, name: string) {
    this.#file = file;
    this.name = name;
  }

  push(field: string, line: number): void {
    const text = field.trim();
    const at = this.#count++;
    if (at === this.#codes.length) this.#grow();
    if (MISSING.has(text.toLowerCase())) {
      this.missing += 1;
      this.#codes[at] = NONE;
      if (this.#numbers) this.#numbers[at] = Number.NaN;
      return;
    }
    if (this.#numbers) {
      const match = NUMBER.exec(text);
      const value = Number(text);
      if (!match) this.#numbers = undefined;
      else if (!Number.isFinite(value))
        throw this.#error(`a number is too large in line ${line}`, text, "one that float64 holds");
      else {
        this.#numbers[at] = value;
        this.#decimals = Math.max(this.#decimals, (match[1] ?? match[2] ?? "").length);
      }
    }
    const code = this.#categories.get(text);
    if (code !== undefined) this.#codes[at] = code;
    else if (this.#categories.size < MOST_CATEGORIES) {
      this.#codes[at] = this.#categories.size;
      this.#categories.set(text, this.#categories.size);
    } else this.#tooMany = true;
  }

  /** What the column holds. Throws where it tells nothing, or has too many categories. */
  infer(): Column {
    const { name } = this;
    if (this.missing === this.#count)
      throw this.#error("all values are missing", `${this.missing}`, `some; --drop ${name} leaves the column out`);
    if (this.#categories.size === 1 && !this.#tooMany)
      throw this.#error(
        "all values are equal",
        [...this.#categories.keys()][0]!,
        `values that differ; --drop ${name} leaves the column out`,
      );
    if (!this.#numbers) {
      if (this.#tooMany)
        throw this.#error(
          "too many categories",
          `more than ${MOST_CATEGORIES}`,
          `at most that; --drop ${name} leaves the column out`,
        );
      return { name, kind: "category", values: this.#sorted() };
    }
    const values = this.#numbers.subarray(0, this.#count).filter((value) => !Number.isNaN(value));
    const about = values.reduce((sum, value) => sum + value / values.length, 0);
    // Once more from there, which takes back what rounding left.
    const mean = about + values.reduce((sum, value) => sum + (value - about) / values.length, 0);
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2 / values.length, 0);
    const [min, max] = [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))];
    const decimals = Math.min(this.#decimals, MOST_DECIMALS);
    if (!(variance > 0 && Number.isFinite(variance)))
      throw this.#error("a spread that cannot be computed", `from ${min} to ${max}`, "smaller numbers");
    return { name, kind: "number", mean, std: Math.sqrt(variance), min, max, decimals };
  }

  /** The rows as the column describes them: standardized numbers, or places among the categories. */
  encode(column: Column): Float32Array | Uint16Array {
    if (column.kind === "number") {
      if (!this.#numbers)
        throw this.#error(
          "not a number",
          [...this.#categories.keys()].find((text) => !NUMBER.test(text))!,
          "numbers",
        );
      const { mean, std } = column;
      return Float32Array.from(this.#numbers.subarray(0, this.#count), (value) =>
        Number.isNaN(value) ? 0 : (value - mean) / std,
      );
    }
    const places = new Map(column.values.map((value, i) => [value, i]));
    const place = Uint16Array.from(this.#categories.keys(), (text) => {
      const found = places.get(text);
      if (found === undefined)
        throw this.#error(
          "a category not seen before",
          JSON.stringify(text),
          `one of ${column.values.slice(0, 20).join(", ")}`,
        );
      return found;
    });
    const usual = place[this.#mostFrequent()]!;
    return this.#codes.slice(0, this.#count).map((code) => (code === NONE ? usual : place[code]!));
  }

  /** The values as class labels. */
  classes(known?: readonly string[]): Required<Pick<Dataset, "labels" | "classNames">> {
    if (this.missing > 0) throw this.#error("classes are missing", `${this.missing}`, "a class for every row");
    if (this.#tooMany || this.#categories.size > MOST_CLASSES)
      throw this.#error("too many classes", `more than ${MOST_CLASSES}`, "at most that");
    const classNames = known ?? this.#sorted();
    const other = [...this.#categories.keys()].find((text) => !classNames.includes(text));
    if (other !== undefined)
      throw this.#error(
        "a class not seen before",
        JSON.stringify(other),
        `one of ${classNames.slice(0, 20).join(", ")}`,
      );
    const place = Uint8Array.from(this.#categories.keys(), (text) => classNames.indexOf(text));
    return { classNames, labels: Uint8Array.from(this.#codes.subarray(0, this.#count), (code) => place[code]!) };
  }

  /** Categories by value where all are numbers, else by their characters. */
  #sorted(): readonly string[] {
    const texts = [...this.#categories.keys()];
    return this.#numbers
      ? texts.toSorted((a, b) => Number(a) - Number(b))
      : texts.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  }

  #mostFrequent(): number {
    const counts = new Uint32Array(this.#categories.size);
    for (const code of this.#codes.subarray(0, this.#count)) if (code !== NONE) counts[code]! += 1;
    return counts.indexOf(counts.reduce((most, count) => Math.max(most, count), 0));
  }

  #grow(): void {
    const codes = new Uint16Array(2 * this.#codes.length);
    codes.set(this.#codes);
    this.#codes = codes;
    if (!this.#numbers) return;
    const numbers = new Float64Array(codes.length);
    numbers.set(this.#numbers);
    this.#numbers = numbers;
  }

  #error(what: string, got: string, expected: string): DataError {
    return new DataError(`${this.#file}: column ${this.name}: ${what}, got ${got}, expected ${expected}`);
  }
}
