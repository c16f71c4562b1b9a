import { TILE, tileKernels } from "./distance-kernel.ts";

/** Inner products, in float64, of `rows` vectors a with `rows` vectors b (possibly the same), over up to `depth` components at a time. */
export class TileProducts {
  readonly #rows: number;
  readonly #depth: number;
  readonly #fours: number;
  readonly #products: ReturnType<typeof tileKernels>["products"];
  /** Vectors packed in fours with their values at one position adjacent: [fours, depth, 4]. */
  readonly #packed: readonly Float64Array[];
  /** [4, rows]. */
  readonly #sums: Float64Array;

  constructor(rows: number, { depth, sets }: { readonly depth: number; readonly sets: 1 | 2 }) {
    this.#rows = rows;
    this.#depth = depth;
    this.#fours = Math.ceil(rows / TILE);
    const size = TILE * this.#fours * depth;
    const sums = TILE * TILE * this.#fours;
    const memory = new WebAssembly.Memory({ initial: Math.ceil((8 * (sets * size + sums)) / 65536) });
    this.#products = tileKernels(memory).products;
    this.#packed = Array.from({ length: sets }, (_, set) => new Float64Array(memory.buffer, 8 * set * size, size));
    this.#sums = new Float64Array(memory.buffer, 8 * sets * size, sums);
  }

  /** Sets components of all vectors of a set: `count` of them, `at(row, k)` the k-th. The rest up to the depth is 0. */
  fill(set: 0 | 1, count: number, at: (row: number, k: number) => number): void {
    const packed = this.#packed[set]!;
    if (count < this.#depth) packed.fill(0);
    for (let k = 0; k < count; k++)
      for (let row = 0; row < this.#rows; row++)
        packed[(row - (row % TILE)) * this.#depth + k * TILE + (row % TILE)] = at(row, k);
  }

  /** Adds the inner products of the first set's vectors with the last set's to `out` [rows, rows]: all, or the lower triangle. */
  addTo(out: Float64Array, which: "all" | "lower"): void {
    const a = this.#packed[0]!;
    const b = this.#packed.at(-1)!;
    const to = this.#sums.byteOffset;
    const stride = 8 * TILE * this.#fours;
    for (let i = 0; i < this.#rows; i += TILE) {
      const end = to + (which === "all" ? stride : 8 * (i + TILE));
      this.#products(a.byteOffset + 8 * i * this.#depth, b.byteOffset, to, end, stride, 8 * TILE * this.#depth);
      for (let row = i; row < Math.min(i + TILE, this.#rows); row++) {
        const columns = which === "all" ? this.#rows : row + 1;
        const from = (row - i) * TILE * this.#fours;
        for (let j = 0; j < columns; j++) out[row * this.#rows + j]! += this.#sums[from + j]!;
      }
    }
  }
}
