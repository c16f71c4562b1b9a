import { bytesOf, type Scratch } from "../scratch.ts";

/** Rows read back at a time. */
const PIECE = 2 ** 16;

/** Rows that lie in a scratch: their numbers as float64, unless dropped by then, and their codes as uint16. */
interface Extent {
  readonly scratch: Scratch;
  readonly count: number;
  readonly numbersAt: number;
  readonly codesAt: number;
}

/** For each row of a column a number and a code, in memory or put aside. */
export class ColumnRows {
  /** Of the rows in memory. */
  #numbers: Float64Array<ArrayBuffer> | undefined = new Float64Array(1024);
  #codes = new Uint16Array(1024);
  #held = 0;
  #aside = 0;
  readonly #extents: Extent[] = [];

  get count(): number {
    return this.#aside + this.#held;
  }

  push(number: number, code: number): void {
    if (this.#held === this.#codes.length) this.#grow();
    if (this.#numbers) this.#numbers[this.#held] = number;
    this.#codes[this.#held] = code;
    this.#held += 1;
  }

  /** Forgets the numbers, of rows to come too. */
  dropNumbers(): void {
    this.#numbers = undefined;
  }

  /**
   * Moves the rows in memory into the scratch, at a place from which on it is free; returns how many bytes they took. Without
   * `codes` those are lost.
   */
  putAside(scratch: Scratch, at: number, { codes }: { readonly codes: boolean }): number {
    const count = this.#held;
    const numberBytes = bytesOf(this.#numbers?.subarray(0, count) ?? new Uint8Array());
    const codeBytes = bytesOf(this.#codes.subarray(0, codes ? count : 0));
    const codesAt = at + numberBytes.length;
    scratch.write(numberBytes, at);
    scratch.write(codeBytes, codesAt);
    if (count > 0) this.#extents.push({ scratch, count, numbersAt: at, codesAt });
    this.#aside += count;
    this.#held = 0;
    return numberBytes.length + codeBytes.length;
  }

  /** The numbers in order; they must not have been dropped. */
  *numbers(): Generator<Float64Array<ArrayBuffer>> {
    for (const { scratch, count, numbersAt } of this.#extents)
      for (let from = 0; from < count; from += PIECE) {
        const piece = new Float64Array(Math.min(PIECE, count - from));
        scratch.read(bytesOf(piece), numbersAt + 8 * from);
        yield piece;
      }
    yield this.#numbers!.subarray(0, this.#held);
  }

  /** The codes in order; none must have been lost. */
  *codes(): Generator<Uint16Array<ArrayBuffer>> {
    for (const { scratch, count, codesAt } of this.#extents)
      for (let from = 0; from < count; from += PIECE) {
        const piece = new Uint16Array(Math.min(PIECE, count - from));
        scratch.read(bytesOf(piece), codesAt + 2 * from);
        yield piece;
      }
    yield this.#codes.subarray(0, this.#held);
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
}
