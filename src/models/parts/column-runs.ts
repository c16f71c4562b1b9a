import type { ColumnSpec } from "../model.ts";

/** Neighboring parts of a row that are treated as one: so many numbers, or the vector of one category. */
export interface ColumnRun {
  readonly width: number;
  readonly numbers: boolean;
}

/** The parts of a row, in the order of an example's numbers. */
export function columnRuns(columns: readonly ColumnSpec[]): readonly ColumnRun[] {
  const runs: { width: number; numbers: boolean }[] = [];
  for (const column of columns) {
    const last = runs.at(-1);
    if (column.kind === "category") runs.push({ width: column.values.length, numbers: false });
    else if (last?.numbers) last.width += 1;
    else runs.push({ width: 1, numbers: true });
  }
  return runs;
}
