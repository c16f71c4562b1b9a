import { Batches } from "../batches.ts";
import type { Split } from "../split.ts";

/** Summary statistics over a split of one of the values of an example. */
export interface ColumnStatistics {
  readonly min: number;
  readonly mean: number;
  readonly std: number;
  readonly max: number;
}

/** Statistics of the first `count` values of a split's examples, in model units. */
export function columnStatistics(split: Split, count: number): readonly ColumnStatistics[] {
  const batchSize = Math.min(split.indices.length, 1024);
  const batches = new Batches(split, { batchSize, purpose: "evaluation" });
  const { exampleSize } = batches;
  const x = new Float32Array(batchSize * exampleSize);
  const statistics = Array.from({ length: Math.min(count, exampleSize) }, () => ({
    min: Infinity,
    mean: 0,
    squares: 0,
    max: -Infinity,
  }));
  let seen = 0;
  for (const cursor of batches.epoch()) {
    const filled = batches.fillExamples(x, cursor);
    for (let row = 0; row < filled; row++) {
      seen += 1;
      statistics.forEach((running, column) => {
        const value = x[row * exampleSize + column]!;
        const off = value - running.mean;
        running.mean += off / seen;
        // Welford's update: squares is the sum of squared deviations so far.
        running.squares += off * (value - running.mean);
        running.min = Math.min(running.min, value);
        running.max = Math.max(running.max, value);
      });
    }
  }
  return statistics.map(({ min, mean, squares, max }) => ({ min, mean, std: Math.sqrt(squares / seen), max }));
}
