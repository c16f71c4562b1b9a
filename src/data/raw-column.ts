import { DataError } from "../errors.ts";
import { type Column, toModel } from "./column.ts";
import type { Dataset } from "./dataset.ts";

/** Text that stands for no value, in any case. */
const MISSING = new Set(["", "?", "na", "n/a", "nan", "null", "none"]);
const NUMBER = /^[+-]?(?:\d+\.?(\d*)|\.(\d+))(?:e[+-]?\d+)?$/i;
const MOST_CATEGORIES = 1000;
const MOST_CLASSES = 256;
const MOST_DECIMALS = 6;
const NONE = 0xffff;
/** Steps between quantiles: a tail of a thousandth is kept apart. */
const MOST_QUANTILES = 1000;
/** Distinct numbers up to which a column keeps its scale. */
const MOST_EVEN = 8;
export const numberMappings = ["auto", "standardize", "quantile"] as const;

/** The fields of one column as they come: numbers while all are, and categories while there are few. */
export class RawColumn {
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
    } else {
      this.#codes[at] = NONE;
      this.#tooMany = true;
    }
  }

  /** What the column holds. Throws where it tells nothing, or has too many categories. */
  infer(numbers: (typeof numberMappings)[number]): Column {
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
    const column = { name, kind: "number", mean, std: Math.sqrt(variance), min, max, decimals } as const;
    const skewness = values.reduce((sum, value) => sum + ((value - mean) / column.std) ** 3 / values.length, 0);
    const uneven =
      this.#categories.size > MOST_EVEN && (Math.abs(skewness) > 2 || this.#largestCount() > values.length / 10);
    if (numbers === "standardize" || (numbers === "auto" && !uneven)) return column;
    const sorted = values.toSorted();
    const steps = Math.min(MOST_QUANTILES, values.length - 1);
    const at = (i: number): number => sorted[Math.round((i * (values.length - 1)) / steps)]!;
    return { ...column, quantiles: Array.from({ length: steps + 1 }, (_, i) => at(i)) };
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
      const known = new Map<number, number>();
      const of = (value: number): number => {
        let x = known.get(value);
        if (x === undefined && known.size < MOST_CATEGORIES) known.set(value, (x = toModel(column, value)));
        return x ?? toModel(column, value);
      };
      return Float32Array.from(this.#numbers.subarray(0, this.#count), (value) =>
        Number.isNaN(value) ? 0 : of(value),
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
    const counts = this.#counts();
    return counts.indexOf(this.#largestCount(counts));
  }

  #largestCount(counts = this.#counts()): number {
    return counts.reduce((most, count) => Math.max(most, count), 0);
  }

  #counts(): Uint32Array {
    const counts = new Uint32Array(this.#categories.size);
    for (const code of this.#codes.subarray(0, this.#count)) if (code !== NONE) counts[code]! += 1;
    return counts;
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
