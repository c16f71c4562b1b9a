import { TILE, tileKernels } from "./distance-kernel.ts";
import type { Features } from "./features.ts";

/** Rows of a block on either side: sized so that its distances and up to some hundred dimensions fit a CPU's cache. */
const BLOCK = 128;

/**
 * All squared distances |a_i - b_j|^2 of rows of a and b, [rows, dim] each, in float64 and bounded memory: `visit(i, from, distances)` receives
 * those of row i of a to the rows of b from `from` on. Calls for a row come in ascending `from`; the array is reused between calls.
 */
export function squaredDistances(
  a: Features,
  b: Features,
  dim: number,
  visit: (row: number, from: number, distances: Float64Array) => void,
): void {
  const [rows, columns] = [a.length / dim, b.length / dim];
  const packed = BLOCK * dim;
  const bytes = 8 * (2 * packed + BLOCK * BLOCK);
  const memory = new WebAssembly.Memory({ initial: Math.ceil(bytes / 65536) });
  const { distances: kernel } = tileKernels(memory);
  const [ofA, ofB] = [0, 1].map((side) => new Float64Array(memory.buffer, 8 * side * packed, packed)) as [
    Float64Array,
    Float64Array,
  ];
  const out = 8 * 2 * packed;
  for (let i = 0; i < rows; i += BLOCK) {
    const height = pack(a, i, dim, ofA);
    for (let j = 0; j < columns; j += BLOCK) {
      const width = pack(b, j, dim, ofB);
      for (let row = 0; row < height; row += TILE) {
        const to = out + 8 * row * BLOCK;
        kernel(8 * row * dim, 8 * packed, to, to + 8 * width, 8 * BLOCK, 8 * TILE * dim);
      }
      for (let row = 0; row < height; row++)
        visit(i + row, j, new Float64Array(memory.buffer, out + 8 * row * BLOCK, width));
    }
  }
}

/** Packs the rows from `first` on into `into`, [rows / TILE, dim, TILE]; unused lanes of the last tile keep old values. Returns the row count. */
function pack(from: Features, first: number, dim: number, into: Float64Array): number {
  const count = Math.min(BLOCK, from.length / dim - first);
  for (let row = 0; row < count; row++) {
    let at = (first + row) * dim;
    let to = (row - (row % TILE)) * dim + (row % TILE);
    for (let k = 0; k < dim; k++, to += TILE) into[to] = from[at++]!;
  }
  return count;
}
