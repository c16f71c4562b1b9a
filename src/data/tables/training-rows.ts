/** The rows of a column that its statistics are of: those that are trained on, where others are held out. */
import type { RawColumn } from "./raw-column.ts";

/** A byte for each row of a table, 1 where it is trained on; all rows are where it is missing. */
export type TrainingRows = Uint8Array | undefined;

/** The numbers of a column, NaN where there is none and in rows that are held out. */
export function* trainingNumbers({ rows }: RawColumn, training: TrainingRows): Generator<Float64Array> {
  let first = 0;
  for (const piece of rows.numbers()) {
    const from = first;
    yield training ? piece.map((value, i) => (training[from + i] === 1 ? value : Number.NaN)) : piece;
    first += piece.length;
  }
}

/** How many rows have each category, by its code. */
export function trainingSizes({ rows, sizes }: RawColumn, training: TrainingRows): ArrayLike<number> {
  if (!training) return sizes;
  const counts = new Float64Array(sizes.length);
  let row = 0;
  for (const codes of rows.codes())
    for (const code of codes) if (training[row++] === 1 && code < counts.length) counts[code]! += 1;
  return counts;
}
