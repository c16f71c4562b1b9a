import { bytesOf, type SpillStorage } from "../storage/spill-storage.ts";

/** Rows read back at a time. */
const PIECE = 2 ** 16;

/** A run of rows in spill storage: numbers as float64, unless dropped before, and codes as uint16. */
interface Extent {
  readonly scratch: SpillStorage;
  readonly count: number;
  readonly numbersAt: number;
  readonly codesAt: number;
}

/** A number and a category code for each row of a column, in memory or spilled. */
export class ColumnRows {
  /** Numbers of the rows in memory. */
  #numbers: Float64Array<ArrayBuffer> | undefined = new Float64Array(1024);
  #codes = new Uint16Array(1024);
  #held = 0;
  #spilled = 0;
  readonly #extents: Extent[] = [];
  /** 1 for rows that are not left out. */
  #keep: Uint8Array | undefined;
  #left = 0;

  get count(): number {
    return this.#spilled + this.#held - this.#left;
  }

  push(number: number, code: number): void {
    if (this.#held === this.#codes.length) this.#grow();
    if (this.#numbers) this.#numbers[this.#held] = number;
    this.#codes[this.#held] = code;
    this.#held += 1;
  }

  /** Drops the numbers, also of rows added later. */
  dropNumbers(): void {
    this.#numbers = undefined;
  }

  /** Leaves out the rows that `keep` is 0 for, once all are there. */
  leaveOut(keep: Uint8Array): void {
    this.#left = keep.reduce((sum, kept) => sum + 1 - kept, 0);
    this.#keep = keep;
  }

  /** Spills the rows in memory to storage at `at`, from where it is free; returns the number of bytes written. */
  spill(scratch: SpillStorage, at: number): number {
    const count = this.#held;
    const numberBytes = bytesOf(this.#numbers?.subarray(0, count) ?? new Uint8Array());
    const codeBytes = bytesOf(this.#codes.subarray(0, count));
    const codesAt = at + numberBytes.length;
    scratch.write(numberBytes, at);
    scratch.write(codeBytes, codesAt);
    if (count > 0) this.#extents.push({ scratch, count, numbersAt: at, codesAt });
    this.#spilled += count;
    this.#held = 0;
    return numberBytes.length + codeBytes.length;
  }

  /** All numbers in order; not after `dropNumbers`. */
  *numbers(): Generator<Float64Array<ArrayBuffer>> {
    let row = 0;
    for (const { scratch, count, numbersAt } of this.#extents)
      for (let from = 0; from < count; from += PIECE) {
        const piece = new Float64Array(Math.min(PIECE, count - from));
        scratch.read(bytesOf(piece), numbersAt + 8 * from);
        yield piece.filter(this.#isKept(row));
        row += piece.length;
      }
    const held = this.#numbers!.subarray(0, this.#held);
    yield this.#keep ? held.filter(this.#isKept(row)) : held;
  }

  /** All codes in order. */
  *codes(): Generator<Uint16Array<ArrayBuffer>> {
    let row = 0;
    for (const { scratch, count, codesAt } of this.#extents)
      for (let from = 0; from < count; from += PIECE) {
        const piece = new Uint16Array(Math.min(PIECE, count - from));
        scratch.read(bytesOf(piece), codesAt + 2 * from);
        yield piece.filter(this.#isKept(row));
        row += piece.length;
      }
    const held = this.#codes.subarray(0, this.#held);
    yield this.#keep ? held.filter(this.#isKept(row)) : held;
  }

  /** Whether the row at a place of a piece, whose first row is `first`, is not left out. */
  #isKept(first: number): (_: number, i: number) => boolean {
    const keep = this.#keep;
    return keep ? (_, i) => keep[first + i] === 1 : () => true;
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
