import { DataError } from "../../errors.ts";
import type { Column } from "./column.ts";
import { isNearNormal } from "./number-statistics.ts";
import { modelMapping } from "./number-scaling.ts";
import { ColumnRows } from "./column-rows.ts";
import { classIndices, type Dataset } from "../dataset.ts";
import { numberStatistics, valuesOf } from "./number-statistics.ts";
import type { SpillStorage } from "../storage/spill-storage.ts";

/** Text that means a missing value, in any case. */
const MISSING = new Set(["", "?", "na", "n/a", "nan", "null", "none"]);
const NUMBER = /^[+-]?(?:\d+\.?(\d*)|\.(\d+))(?:e[+-]?\d+)?$/i;
const MOST_CATEGORIES = 1000;
/** From here on a class must have 2 rows on average: with fewer it is more likely a number, or a name for each row. */
const MANY_CLASSES = 256;
const MOST_DECIMALS = 6;
const NONE = 0xffff;
/** Largest number of steps between quantiles: tails of 1/1000 are resolved. */
const MOST_QUANTILES = 1000;
/** Number of distinct values up to which a numeric column is standardized, not mapped by quantiles. */
const MOST_EVEN = 8;
export const numberMappings = ["auto", "standardize", "quantile"] as const;

/** Number of values sorted for quantiles; longer columns are subsampled evenly. */
const MOST_SORTED = 2 ** 22;

/** The raw fields of one column: numbers as long as all are, and categories as long as they are few. */
export class RawColumn {
  readonly name: string;
  readonly #file: string;
  readonly #rows = new ColumnRows();
  #numeric = true;
  readonly #categories = new Map<string, number>();
  /** Codes of categories that were read as numbers. */
  readonly #codeOfNumber = new Map<number, number>();
  /** Rows of each category. */
  readonly #sizes: number[] = [];
  /** Whether the limit on the number of categories was exceeded. */
  #tooMany = false;
  #decimals = 0;
  missing = 0;

  constructor(file: string, name: string) {
    this.#file = file;
    this.name = name;
  }

  /** Number of rows so far. */
  get count(): number {
    return this.#rows.count;
  }

  /** Adds the field of the next row; `line` is its line in the file, for errors. */
  push(field: string, line: number): void {
    const text = field.trim();
    if (MISSING.has(text.toLowerCase())) return this.#addMissing();
    const value = Number(text);
    if (this.#numeric) {
      const match = NUMBER.exec(text);
      if (!match) {
        this.#numeric = false;
        this.#rows.dropNumbers();
      } else if (!Number.isFinite(value))
        throw this.#error(`a number is too large in line ${line}`, text, "one that float64 holds");
      else this.#decimals = Math.max(this.#decimals, (match[1] ?? match[2] ?? "").length);
    }
    this.#add(value, this.#codeOf(text));
  }

  /** Adds a number, NaN where missing; equivalent to `push` of its text. */
  pushNumber(value: number, line: number): void {
    if (Number.isNaN(value)) return this.#addMissing();
    if (Math.abs(value) === Infinity)
      throw this.#error(`a number is not finite in row ${line}`, String(value), "one that float64 holds");
    const code = this.#codeOfNumber.get(value);
    if (code !== undefined) this.#add(value, code);
    // Its text matters only for categories and decimal places.
    else if (this.#tooMany && (this.#decimals >= MOST_DECIMALS || Number.isInteger(value))) this.#add(value, NONE);
    else {
      this.push(String(value), line);
      const found = this.#categories.get(String(value));
      if (found !== undefined) this.#codeOfNumber.set(value, found);
    }
  }

  #codeOf(text: string): number {
    const known = this.#categories.get(text);
    if (known !== undefined) return known;
    if (this.#categories.size === MOST_CATEGORIES) {
      this.#tooMany = true;
      return NONE;
    }
    const code = this.#categories.size;
    this.#categories.set(text, code);
    this.#sizes.push(0);
    return code;
  }

  #addMissing(): void {
    this.missing += 1;
    this.#rows.push(Number.NaN, NONE);
  }

  #add(value: number, code: number): void {
    if (code !== NONE) this.#sizes[code]! += 1;
    this.#rows.push(value, code);
  }

  /** Spills the rows in memory to storage at `at`, from where it is free; returns the number of bytes written. */
  spill(scratch: SpillStorage, at: number): number {
    // With too many categories, codes are not needed again.
    return this.#rows.spill(scratch, at, { codes: !this.#tooMany });
  }

  /** The column's inferred type. Throws where it is constant or missing throughout, or has too many categories. */
  infer(numbers: (typeof numberMappings)[number]): Column {
    const { name } = this;
    if (this.missing === this.count)
      throw this.#error("all values are missing", `${this.missing}`, `some; --drop ${name} leaves the column out`);
    if (this.#categories.size === 1 && !this.#tooMany)
      throw this.#error(
        "all values are equal",
        [...this.#categories.keys()][0]!,
        `values that differ; --drop ${name} leaves the column out`,
      );
    if (!this.#numeric) {
      if (this.#tooMany)
        throw this.#error(
          "too many categories",
          `more than ${MOST_CATEGORIES}`,
          `at most that; --drop ${name} leaves the column out`,
        );
      return this.#category();
    }
    const count = this.count - this.missing;
    const { mean, variance, min, max } = numberStatistics(() => this.#rows.numbers(), count);
    const decimals = Math.min(this.#decimals, MOST_DECIMALS);
    if (!(variance > 0 && Number.isFinite(variance)))
      throw this.#error("the variance overflows", `from ${min} to ${max}`, "smaller numbers");
    const column = { name, kind: "number", mean, std: Math.sqrt(variance), min, max, decimals } as const;
    if (numbers !== "quantile" && this.#categories.size <= MOST_EVEN) return column;
    const sorted = valuesOf(this.#rows.numbers(), count, MOST_SORTED).toSorted();
    const steps = Math.min(MOST_QUANTILES, sorted.length - 1);
    const at = (i: number): number => sorted[Math.round((i * (sorted.length - 1)) / steps)]!;
    const quantiles = Array.from({ length: steps + 1 }, (_, i) => at(i));
    const standard = numbers === "standardize" || (numbers === "auto" && isNearNormal(sorted, { mean, variance }));
    return {
      ...column,
      quantiles: [min, ...quantiles.slice(1, -1), max],
      scaling: standard ? "standard" : "quantile",
    };
  }

  /** The column as categories. */
  #category(): Column {
    const values = this.#sorted();
    const sizes = new Map([...this.#categories.keys()].map((text, code) => [text, this.#sizes[code]!]));
    const frequencies = values.map((text) => sizes.get(text)! / (this.count - this.missing));
    return { name: this.name, kind: "category", values, frequencies };
  }

  /** The rows encoded by a column type, piece by piece: model inputs of numbers, or category indices. */
  *encode(column: Column): Generator<Float32Array<ArrayBuffer> | Uint16Array<ArrayBuffer>> {
    if (column.kind === "number") {
      if (!this.#numeric)
        throw this.#error(
          "not a number",
          [...this.#categories.keys()].find((text) => !NUMBER.test(text))!,
          "numbers",
        );
      const mapping = modelMapping(column);
      for (const values of this.#rows.numbers()) {
        const encoded = new Float32Array(values.length);
        for (let i = 0; i < values.length; i++) encoded[i] = Number.isNaN(values[i]!) ? 0 : mapping(values[i]!);
        yield encoded;
      }
      return;
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
    const usual = place[this.#sizes.indexOf(Math.max(...this.#sizes))]!;
    for (const codes of this.#rows.codes()) yield codes.map((code) => (code === NONE ? usual : place[code]!));
  }

  /** The values as class labels. */
  classes(known?: readonly string[]): Required<Pick<Dataset, "labels" | "classNames">> {
    if (this.missing > 0) throw this.#error("classes are missing", `${this.missing}`, "a class for every row");
    const { size } = this.#categories;
    if (this.#tooMany) throw this.#error("too many classes", `more than ${MOST_CATEGORIES}`, "at most that");
    if (size > MANY_CLASSES && 2 * size > this.count)
      throw this.#error("too many classes", `${size} in ${this.count} rows`, "at least 2 rows a class");
    const classNames = known ?? this.#sorted();
    const other = [...this.#categories.keys()].find((text) => !classNames.includes(text));
    if (other !== undefined)
      throw this.#error(
        "a class not seen before",
        JSON.stringify(other),
        `one of ${classNames.slice(0, 20).join(", ")}`,
      );
    const place = Uint16Array.from(this.#categories.keys(), (text) => classNames.indexOf(text));
    const labels = classIndices(classNames.length, this.count);
    let at = 0;
    for (const codes of this.#rows.codes()) for (const code of codes) labels[at++] = place[code]!;
    return { classNames, labels };
  }

  /** Categories in numeric order where all are numbers, else in code-unit order. */
  #sorted(): readonly string[] {
    const texts = [...this.#categories.keys()];
    return this.#numeric
      ? texts.toSorted((a, b) => Number(a) - Number(b))
      : texts.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  }

  #error(what: string, got: string, expected: string): DataError {
    return new DataError(`${this.#file}: column ${this.name}: ${what}, got ${got}, expected ${expected}`);
  }
}
