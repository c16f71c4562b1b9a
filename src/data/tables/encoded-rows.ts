import { BlockCache, type Blocks, blocksOf } from "../storage/block-cache.ts";
import type { Column } from "./column.ts";
import { columnWidth } from "./column-width.ts";
import type { FloatStore } from "../dataset.ts";
import { bytesOf, type SpillStorage } from "../storage/spill-storage.ts";
import { NONE } from "./raw-column.ts";

/** Part of a column: standardized numbers, or category indices. */
type Encoded = Float32Array<ArrayBuffer> | Uint16Array<ArrayBuffer>;

/** A block of rows in columnar layout, numeric columns first. */
interface Block {
  readonly numbers: Float32Array<ArrayBuffer>;
  readonly codes: Uint16Array<ArrayBuffer>;
}

/**
 * Rows of a table in compact form: float32 per number, uint16 per category, of which NONE becomes zeros. In memory they are one block; in spill storage, blocks of as many
 * rows as are read at a time.
 */
export class EncodedRows {
  readonly #scratch: SpillStorage | undefined;
  readonly #blocks: Blocks;
  readonly #blockBytes: number;
  /** Byte offset of each column in a block. */
  readonly #starts: readonly number[];
  readonly #widths: readonly number[];
  /** Positions of numeric and of categorical columns in an example. */
  readonly #numberAt: readonly number[];
  readonly #codeAt: readonly number[];
  /** All rows, where they fit in memory. */
  readonly #whole: Block | undefined;

  constructor(columns: readonly Column[], rows: number, scratch?: SpillStorage) {
    this.#widths = columns.map(({ kind }) => (kind === "number" ? 4 : 2));
    const rowBytes = this.#widths.reduce((sum, width) => sum + width, 0);
    this.#blocks = scratch ? blocksOf(rowBytes) : { size: rows, held: 1 };
    const { size } = this.#blocks;
    const numbers = columns.filter(({ kind }) => kind === "number").length;
    let [number, code, at] = [0, 0, 0];
    const [numberAt, codeAt]: [number[], number[]] = [[], []];
    this.#starts = columns.map((column) => {
      const isNumber = column.kind === "number";
      (isNumber ? numberAt : codeAt).push(at);
      at += columnWidth(column);
      return size * (isNumber ? 4 * number++ : 4 * numbers + 2 * code++);
    });
    this.#numberAt = numberAt;
    this.#codeAt = codeAt;
    this.#scratch = scratch;
    this.#blockBytes = rowBytes * size;
    this.#whole = scratch ? undefined : this.#block();
  }

  /** Writes the rows of a column piece by piece, and yields their bytes for fingerprinting. */
  *write(column: number, pieces: Iterable<Encoded>): Generator<Uint8Array> {
    const [start, width] = [this.#starts[column]!, this.#widths[column]!];
    const { size } = this.#blocks;
    let row = 0;
    for (const piece of pieces) {
      for (let from = 0; from < piece.length;) {
        const place = (row + from) % size;
        const part = piece.subarray(from, from + size - place);
        const at = Math.floor((row + from) / size) * this.#blockBytes + start + width * place;
        if (this.#whole) new Uint8Array(this.#whole.numbers.buffer).set(bytesOf(part), at);
        else this.#scratch!.write(bytesOf(part), at);
        from += part.length;
      }
      row += piece.length;
      yield bytesOf(piece);
    }
  }

  /** The rows as examples, once every column is written. */
  store(): Omit<FloatStore, "content"> {
    const whole = this.#whole;
    if (whole) return { readFloats: (row, into) => this.#expand(whole, row, into) };
    const cache = new BlockCache<Block>(this.#blocks.held, (index, instead) => {
      const block = instead ?? this.#block();
      this.#scratch!.read(new Uint8Array(block.numbers.buffer), index * this.#blockBytes);
      return block;
    });
    const { size } = this.#blocks;
    return {
      blocks: this.#blocks,
      readFloats: (row, into) => this.#expand(cache.block(Math.floor(row / size)), row % size, into),
    };
  }

  #block(): Block {
    const bytes = new ArrayBuffer(this.#blockBytes);
    const numbers = new Float32Array(bytes, 0, this.#numberAt.length * this.#blocks.size);
    return { numbers, codes: new Uint16Array(bytes, numbers.byteLength) };
  }

  #expand({ numbers, codes }: Block, row: number, into: Float32Array): void {
    const { size } = this.#blocks;
    into.fill(0);
    for (let i = 0; i < this.#numberAt.length; i++) into[this.#numberAt[i]!] = numbers[i * size + row]!;
    for (let i = 0; i < this.#codeAt.length; i++) {
      const code = codes[i * size + row]!;
      if (code !== NONE) into[this.#codeAt[i]! + code] = 1;
    }
  }
}
