/** Decimal places up to which numbers are rounded to places; with more, or beyond `MOST_FIXED`, to significant digits. */
const MOST_PLACES = 6;
const MOST_FIXED = 1e15;
/** Digits that tell standardized float32 apart. */
const SINGLE_DIGITS = 7;
const DOUBLE_DIGITS = 17;

/** How the numbers of a column are written. */
export interface WrittenForm {
  /** Decimal places that values need; 0 for integers. */
  readonly decimals: number;
  /** Decimal places that are written at least, zeros at the end included. */
  readonly places?: number | undefined;
  /** Significant digits, in place of decimal places. */
  readonly digits?: number | undefined;
}

/** Sees the numbers of a column as they are written, and tells how others are to be. */
export class WrittenNumbers {
  /** Decimal places without zeros at the end, the most of a number. */
  #needed = 0;
  /** Decimal places as written, the fewest. */
  #fewest = Infinity;
  #digits = 0;

  /** Sees a number in plain notation: digits, a point, an exponent. */
  see(text: string): void {
    const exponentAt = text.search(/e/i);
    const mantissa = exponentAt === -1 ? text : text.slice(0, exponentAt);
    const exponent = exponentAt === -1 ? 0 : Number(text.slice(exponentAt + 1));
    const point = mantissa.indexOf(".");
    const written = point === -1 ? 0 : mantissa.length - point - 1;
    let zeros = 0;
    while (zeros < written && mantissa.charCodeAt(mantissa.length - 1 - zeros) === 48) zeros += 1;
    const needed = written - zeros - exponent;
    this.#needed = Math.max(this.#needed, needed);
    this.#fewest = Math.min(this.#fewest, exponentAt === -1 ? written : Math.max(0, needed));
    if (this.#digits >= DOUBLE_DIGITS) return;
    const all = mantissa.replace(/^[+-]?[0.]*/, "").replace(".", "");
    const digits = (point === -1 && exponentAt === -1 ? all : all.replace(/0+$/, "")).length;
    this.#digits = Math.max(this.#digits, digits);
  }

  /** Whether more numbers could change the form but for integers. */
  get settled(): boolean {
    return this.#needed > MOST_PLACES && this.#digits >= DOUBLE_DIGITS;
  }

  /** Whether all are integers, `3.0` among them. */
  get whole(): boolean {
    return this.#needed === 0;
  }

  /** Decimal places of the number that needs most. */
  get needed(): number {
    return this.#needed;
  }

  form({ std, min, max }: { readonly std: number; readonly min: number; readonly max: number }): WrittenForm {
    const largest = Math.max(Math.abs(min), Math.abs(max));
    const places = this.#fewest > 0 && this.#fewest < Infinity ? { places: Math.min(this.#fewest, MOST_PLACES) } : {};
    if (this.#needed <= MOST_PLACES && largest < MOST_FIXED) return { decimals: this.#needed, ...places };
    // Numbers far from 0 for how much they differ need the digits that they share, too.
    const shared = Math.max(0, Math.ceil(Math.log10(largest / std)));
    const digits = Math.min(this.#digits, shared + SINGLE_DIGITS, DOUBLE_DIGITS);
    return { decimals: Math.min(this.#needed, MOST_PLACES), digits: Math.max(1, digits) };
  }
}

/** A number in the form of a column. */
export function numberText(value: number, { decimals, places = 0, digits }: WrittenForm): string {
  if (digits !== undefined) return String(Number(value.toPrecision(digits)));
  // From here on toFixed writes exponents.
  if (Math.abs(value) >= 1e21) return String(value);
  const text = value.toFixed(decimals);
  const [whole, fraction = ""] = text.split(".");
  const kept = fraction.replace(/0+$/, "").padEnd(places, "0");
  const shown = kept === "" ? whole! : `${whole}.${kept}`;
  return /^-[0.]*$/.test(shown) ? shown.slice(1) : shown;
}

/** The shortest text of a number that is kept in 32 bits. */
export function singleText(value: number): string {
  for (const digits of [6, 7, 8]) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return String(short);
  }
  return String(Number(value.toPrecision(9)));
}
