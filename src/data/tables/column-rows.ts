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

  get count(): number {
    return this.#spilled + this.#held;
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

  /**
   * Spills the rows in memory to storage at `at`, from where it is free; returns the number of bytes written. Without `codes` the codes are lost.
   */
  spill(scratch: SpillStorage, at: number, { codes }: { readonly codes: boolean }): number {
    const count = this.#held;
    const numberBytes = bytesOf(this.#numbers?.subarray(0, count) ?? new Uint8Array());
    const codeBytes = bytesOf(this.#codes.subarray(0, codes ? count : 0));
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
    for (const { scratch, count, numbersAt } of this.#extents)
      for (let from = 0; from < count; from += PIECE) {
        const piece = new Float64Array(Math.min(PIECE, count - from));
        scratch.read(bytesOf(piece), numbersAt + 8 * from);
        yield piece;
      }
    yield this.#numbers!.subarray(0, this.#held);
  }

  /** All codes in order; not where they were lost. */
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
