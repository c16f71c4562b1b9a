import { DataError } from "../../errors.ts";
import { ColumnRows } from "./column-rows.ts";
import { dateFormOf, dateReader, dateText, shortForm } from "./text/date-form.ts";
import { isMissing } from "./text/missing-text.ts";
import { isPlain, type NumberStyle, numberStyleOf, plainNumbers, plainStyle } from "./text/number-style.ts";
import type { Field, GivenForm, ReadingOptions } from "./reading-options.ts";
import type { SpillStorage } from "../storage/spill-storage.ts";
import { singleText, WrittenNumbers } from "./text/written-numbers.ts";

export const MOST_CATEGORIES = 1000;
/** Fields at the beginning of a column, missing ones aside, that tell how its numbers and dates are written. */
const HEAD = 1000;
/** Fields that are kept for it at most. */
const MOST_KEPT = 100_000;
/** Largest number that can be squared. */
export const MOST_NUMBER = 1e150;
/** No category: there are too many, or it is none of those of a known column. */
export const NONE = 0xffff;

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
  readonly #mostCodes: number;
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
    // Those of a known column have codes however many others there are.
    if (reading.known?.kind === "category") for (const value of reading.known.values) this.#newCode(value);
    this.#mostCodes = MOST_CATEGORIES + this.categories.size;
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
    if (!isMissing(text)) this.#telling += 1;
    if (this.#telling === HEAD || this.#head.length === MOST_KEPT) this.settle();
  }

  /** Adds a number, NaN where missing. */
  pushNumber(value: number, line: number): void {
    this.settle();
    if (Number.isNaN(value)) return this.#addMark("");
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
    const texts = head.map(({ text }) => text).filter((text) => !isMissing(text));
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
    if (isMissing(text)) return this.#addMark(text);
    const code = this.#codeOf(text);
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
    if (this.categories.size - this.marks.size >= this.#mostCodes) {
      this.tooMany = true;
      return NONE;
    }
    return this.#newCode(text);
  }

  #newCode(text: string): number {
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

  /** Adds a missing value, which has a code also where categories are too many. */
  #addMark(text: string): void {
    const code = this.categories.get(text) ?? this.#newCode(text);
    this.marks.add(code);
    this.running = false;
    this.#add(Number.NaN, code);
  }

  #add(value: number, code: number): void {
    if (code !== NONE) this.sizes[code]! += 1;
    this.rows.push(value, code);
  }

  /** Spills the rows in memory to storage at `at`, from where it is free; returns the number of bytes written. */
  spill(scratch: SpillStorage, at: number): number {
    this.settle();
    return this.rows.spill(scratch, at);
  }

  /** Leaves out the rows that `keep` is 0 for. */
  leaveOut(keep: Uint8Array): void {
    this.rows.leaveOut(keep);
    this.sizes.fill(0);
    for (const codes of this.rows.codes()) for (const code of codes) if (code !== NONE) this.sizes[code]! += 1;
    this.odd = this.numeric ? [...this.notNumbers()].filter(([, code]) => !this.marks.has(code)).length : 0;
  }

  /** Rows that have no number, and their codes; of a column of numbers. */
  *notNumbers(): Generator<readonly [row: number, code: number]> {
    const pieces = this.rows.codes();
    let row = 0;
    for (const numbers of this.rows.numbers()) {
      const codes = pieces.next().value as Uint16Array;
      for (let i = 0; i < numbers.length; i++, row++) if (Number.isNaN(numbers[i]!)) yield [row, codes[i]!];
    }
  }

  /** Rows that are missing. */
  get missing(): number {
    return [...this.marks].reduce((sum, code) => sum + this.sizes[code]!, 0);
  }

  /** The first value that is not missing. */
  get firstText(): string {
    return this.distinct(false)[0] ?? "";
  }

  /** The distinct values, and those that mean a missing one where `marked`. */
  distinct(marked: boolean): readonly string[] {
    return this.texts.filter((_, code) => this.sizes[code]! > 0 && (marked || !this.marks.has(code)));
  }

  /** The distinct texts by their codes; dates that came as numbers have the form of the column. */
  get texts(): readonly string[] {
    const texts = [...this.categories.keys()];
    const { date } = this;
    if (date === undefined || this.#given.date === undefined) return texts;
    return texts.map((text) => (isMissing(text) ? text : dateText(date, Number(text))));
  }

  error(what: string, got: string, expected: string): DataError {
    return new DataError(`${this.#file}: column ${this.name}: ${what}, got ${got}, expected ${expected}`);
  }
}
