import { rowText } from "../data/column.ts";
import type { Split } from "../data/split.ts";
import { totalVariation } from "../metrics/total-variation.ts";
import type { TrainedModel } from "../training/trained-model.ts";
import { firstExamples } from "./run-pictures.ts";

export interface ColumnDistance {
  readonly name: string;
  readonly totalVariation: number;
}

/** Rows that are compared. */
const most = 20_000;

/**
 * How far the columns of as many samples are from those of a split's rows, each by itself; undefined where examples are no rows, or
 * the model does not sample without being told a label.
 */
export async function columnDistances(
  trained: TrainedModel,
  split: Split,
  seed: number,
): Promise<readonly ColumnDistance[] | undefined> {
  const { columns } = split.dataset;
  if (!columns || !trained.model.sample) return undefined;
  const count = Math.min(most, split.indices.length);
  const real = rowsOf(firstExamples(split, count));
  const drawn = rowsOf(await trained.sample(count, { seed }));
  return columns.map(({ name, kind }, i) => ({
    name,
    totalVariation: totalVariation(
      real.map((row) => row[i]!),
      drawn.map((row) => row[i]!),
      { numbers: kind === "number" },
    ),
  }));

  function rowsOf(x: Float32Array): (readonly string[])[] {
    const width = x.length / count;
    return Array.from({ length: count }, (_, i) => rowText(columns!, x.subarray(i * width, (i + 1) * width)));
  }
}
