import { DataError } from "../../errors.ts";
import type { Column } from "./column.ts";
import { ColumnRows } from "./column-rows.ts";
import { dateFormOf, dateReader, dateText, shortForm } from "./date-form.ts";
import {
  type DecimalMark,
  isPlain,
  type NumberStyle,
  numberStyleOf,
  plainNumbers,
  plainStyle,
} from "./number-style.ts";
import type { SpillStorage } from "../storage/spill-storage.ts";
import { singleText, WrittenNumbers } from "./written-numbers.ts";

/** Text that means a missing value, in any case. */
const MISSING = new Set(["?", "na", "n/a", "nan", "null", "none"]);
const LONGEST_MARK = 4;
export const MOST_CATEGORIES = 1000;
/** Fields at the beginning of a column, missing ones aside, that tell how its numbers and dates are written. */
const HEAD = 1000;
/** Fields that are kept for it at most. */
const MOST_KEPT = 100_000;
/** Largest number that can be squared. */
export const MOST_NUMBER = 1e150;
/** No category: the field is empty, or there are too many categories. */
export const NONE = 0xffff;

/** What is known of a column before its first field. */
export interface GivenForm {
  /** The form of dates, which are given as seconds. */
  readonly date?: string;
  /** Decimal places that numbers are written with. */
  readonly places?: number;
  /** Whether numbers were kept in 32 bits. */
  readonly single?: boolean;
}

/** How fields are read. */
export interface ReadingOptions {
  /** The decimal mark of all numbers; that of each column when missing. */
  readonly decimal?: DecimalMark | undefined;
  /** The decimal mark where a column's numbers would be read by either. */
  readonly likelyDecimal?: DecimalMark | undefined;
  /** The column as it was known before. */
  readonly known?: Column | undefined;
  /** What the place of a row in its file is counted in, for errors: lines when missing. */
  readonly unit?: "line" | "row" | undefined;
}

/** A field and its place in the file, its line unless rows are counted. */
export interface Field {
  readonly text: string;
  readonly line: number;
  /** Whether it is a number that is not finite, or too large. */
  readonly large?: boolean;
}

/** The fields of one column as they are read: numbers, dates as seconds, and categories as long as they are few. */
export class RawColumn {
  readonly name: string;
  readonly rows = new ColumnRows();
  /** Codes of the distinct texts, and how many rows have each. */
  readonly categories = new Map<string, number>();
  readonly sizes: number[] = [];
  /** Codes of texts that mean a missing value. */
  readonly marks = new Set<number>();
  /** Whether there are more distinct texts than categories can be. */
  tooMany = false;
  /** Rows whose field is empty, and those with a mark that came after too many categories. */
  #empty = 0;
  #lateMarks = 0;
  /** Whether at least half of the fields are numbers or dates. */
  numeric = true;
  /** Rows that have neither a number nor a mark, and the first of them. */
  odd = 0;
  firstOdd: Field | undefined;
  /** The first number with zeros that a number would lose. */
  zeros: Field | undefined;
  readonly written = new WrittenNumbers();
  style: NumberStyle = plainStyle;
  /** A style by which the numbers would be others. */
  otherStyle: NumberStyle | undefined;
  /** The form of dates. */
  #date: string | undefined;
  otherDate: string | undefined;
  /** Whether every number is one more than that of the row before. */
  running = true;
  #last: number | undefined;
  /** Whether all dates are at midnight. */
  #daily = true;
  readonly #file: string;
  readonly #given: GivenForm;
  readonly #reading: ReadingOptions;
  /** Fields that are not read yet. */
  #head: Field[] | undefined = [];
  /** How many of them are not missing. */
  #telling = 0;
  #plain: (text: string) => string | undefined = plainNumbers(plainStyle);
  #seconds: ((text: string) => number) | undefined;
  /** Codes of categories that were read as numbers. */
  readonly #codeOfNumber = new Map<number, number>();

  constructor(
    file: string,
    name: string,
    { given = {}, reading = {} }: { readonly given?: GivenForm | undefined; readonly reading?: ReadingOptions } = {},
  ) {
    this.#file = file;
    this.name = name;
    this.#given = given;
    this.#reading = reading;
    this.#date = given.date;
  }

  /** Number of rows so far. */
  get count(): number {
    return this.rows.count + (this.#head?.length ?? 0);
  }

  /** The form of dates, where the column has them. */
  get date(): string | undefined {
    if (this.#date === undefined || this.#given.date === undefined) return this.#date;
    return shortForm(this.#date, { daily: this.#daily, places: Math.min(6, this.written.needed) });
  }

  /** The place of a field in its file, in words. */
  placeOf({ line }: Field): string {
    return `${this.#reading.unit ?? "line"} ${line}`;
  }

  /** Decimal places that were given. */
  get places(): number | undefined {
    return this.#given.places;
  }

  /** Adds the field of the next row; `line` is its line in the file, for errors. */
  push(field: string, line: number): void {
    const text = field.trim();
    if (!this.#head) return this.#take(text, line);
    this.#head.push({ text, line });
    if (text !== "" && !isMark(text)) this.#telling += 1;
    if (this.#telling === HEAD || this.#head.length === MOST_KEPT) this.settle();
  }

  /** Adds a number, NaN where missing. */
  pushNumber(value: number, line: number): void {
    this.settle();
    if (Number.isNaN(value)) return this.#addEmpty();
    if (!(Math.abs(value) <= MOST_NUMBER)) return this.#addOdd({ text: String(value), line, large: true }, NONE);
    this.#follow(value);
    if (this.#given.date !== undefined && this.#daily) this.#daily = value % 86_400 === 0;
    const code = this.#codeOfNumber.get(value);
    if (code !== undefined) return this.#add(value, code);
    // Its text matters only for categories and how numbers are written.
    if (this.tooMany && (this.written.settled || Number.isInteger(value))) return this.#add(value, NONE);
    const text = this.#given.single ? singleText(value) : String(value);
    this.written.see(text);
    const added = this.#codeOf(text);
    if (added !== NONE) this.#codeOfNumber.set(value, added);
    this.#add(value, added);
  }

  /** Reads the fields that were kept to tell how they are written. */
  settle(): void {
    const head = this.#head;
    if (!head) return;
    this.#head = undefined;
    const texts = head.map(({ text }) => text).filter((text) => text !== "" && !isMark(text));
    if (texts.length > 0) this.#choose(texts);
    for (const { text, line } of head) this.#take(text, line);
  }

  /** Chooses how fields are read by the first ones. */
  #choose(texts: readonly string[]): void {
    const { known, decimal, likelyDecimal } = this.#reading;
    const knownDate = known?.kind === "number" ? known.date : undefined;
    const dates = knownDate === undefined ? dateFormOf(texts) : { form: knownDate, fits: texts.length };
    let numbers = numberStyleOf(texts, decimal);
    if (numbers.other && likelyDecimal && !isPlain(numbers.style)) numbers = numberStyleOf(texts, likelyDecimal);
    if (dates && dates.fits >= numbers.fits) {
      this.#date = dates.form;
      this.otherDate = "other" in dates ? dates.other : undefined;
      this.#seconds = dateReader(dates.form);
    } else {
      this.style = numbers.style;
      this.otherStyle = numbers.other;
      this.#plain = plainNumbers(numbers.style);
    }
    if (2 * Math.max(dates?.fits ?? 0, numbers.fits) >= texts.length) return;
    this.numeric = false;
    this.rows.dropNumbers();
  }

  #take(text: string, line: number): void {
    if (text === "") return this.#addEmpty();
    const code = this.#codeOf(text);
    if (isMark(text)) {
      if (code === NONE) this.#lateMarks += 1;
      else this.marks.add(code);
      this.running = false;
      return this.#add(Number.NaN, code);
    }
    const value = this.numeric ? this.#read(text, line) : Number.NaN;
    const large = Math.abs(value) > MOST_NUMBER;
    if (this.numeric && (Number.isNaN(value) || large)) return this.#addOdd({ text, line, large }, code);
    this.#follow(value);
    this.#add(value, code);
  }

  /** The number or date of a field, NaN for other text. */
  #read(text: string, line: number): number {
    if (this.#seconds) return this.#seconds(text);
    const plain = this.#plain(text);
    if (plain === undefined) return Number.NaN;
    const value = Number(plain);
    if (/^[+-]?0\d/.test(plain)) this.zeros ??= { text, line };
    if (!this.written.settled || !Number.isInteger(value)) this.written.see(plain);
    return value;
  }

  #follow(value: number): void {
    this.running &&= this.#last === undefined ? Number.isInteger(value) : value === this.#last + 1;
    this.#last = value;
  }

  #codeOf(text: string): number {
    const known = this.categories.get(text);
    if (known !== undefined) return known;
    if (this.categories.size === MOST_CATEGORIES) {
      this.tooMany = true;
      return NONE;
    }
    const code = this.categories.size;
    this.categories.set(text, code);
    this.sizes.push(0);
    return code;
  }

  #addOdd(field: Field, code: number): void {
    this.odd += 1;
    this.firstOdd ??= field;
    this.running = false;
    this.#add(Number.NaN, code);
  }

  #addEmpty(): void {
    this.#empty += 1;
    this.running = false;
    this.rows.push(Number.NaN, NONE);
  }

  #add(value: number, code: number): void {
    if (code !== NONE) this.sizes[code]! += 1;
    this.rows.push(value, code);
  }

  /** Spills the rows in memory to storage at `at`, from where it is free; returns the number of bytes written. */
  spill(scratch: SpillStorage, at: number): number {
    this.settle();
    // With too many categories, codes are not needed again.
    return this.rows.spill(scratch, at, { codes: !this.tooMany });
  }

  /** Rows that are missing: empty ones, and those of the marks that no category of `values` is. */
  missing(values: ReadonlySet<string> = new Set()): number {
    const texts = values.size > 0 ? this.texts : [];
    const marked = [...this.marks].filter((code) => !values.has(texts[code] ?? ""));
    return this.#empty + this.#lateMarks + marked.reduce((sum, code) => sum + this.sizes[code]!, 0);
  }

  /** The distinct texts by their codes; dates that came as numbers have the form of the column. */
  get texts(): readonly string[] {
    const texts = [...this.categories.keys()];
    const { date } = this;
    if (date === undefined || this.#given.date === undefined) return texts;
    return texts.map((text) => dateText(date, Number(text)));
  }

  error(what: string, got: string, expected: string): DataError {
    return new DataError(`${this.#file}: column ${this.name}: ${what}, got ${got}, expected ${expected}`);
  }
}

const isMark = (text: string): boolean => text.length <= LONGEST_MARK && MISSING.has(text.toLowerCase());
