import { frequencyDistance } from "../samples/total-variation.ts";
import { quantileBins } from "../codes/quantile-bins.ts";
import { checkAlike, rowCount, stacked, type TableColumns } from "./table-columns.ts";

/** Bins of a number beside a category. */
const BINS = 10;

/**
 * Correlation error: how far apart the associations of pairs of columns are in two tables, a mean over all pairs; 0 for equal ones, at
 * most 1. As SDMetrics' column-pair trends (also Zhang et al. 2024, arXiv:2310.09656, appendix): half the absolute difference of
 * Pearson's correlations for two columns of numbers, else the total variation distance of the pair's joint frequencies; numbers beside
 * categories are in ten bins, here of quantiles of the first table. Throws ConfigError for tables of other columns, or of fewer than 2
 * rows; 0 for a single column.
 *
 * @example
 * const numbers = (...values: number[]) => ({ kind: "number", values: Float64Array.from(values) }) as const;
 * const x = numbers(1, 2, 3);
 * correlationError([x, x], [x, numbers(3, 2, 1)]); // 1
 */
export function correlationError(a: TableColumns, b: TableColumns): number {
  checkAlike("correlation error", [a, b], 2);
  const [inBins, size] = [jointBins(a, b), rowCount(a)];
  let [sum, pairs] = [0, 0];
  for (let i = 0; i < a.length; i++)
    for (let j = 0; j < i; j++) {
      pairs += 1;
      if (a[i]!.kind === "number" && a[j]!.kind === "number")
        sum += Math.abs(pearson(a[i]!.values, a[j]!.values) - pearson(b[i]!.values, b[j]!.values)) / 2;
      else {
        // A pair of bins as one number.
        const [first, second] = [inBins[i]!, inBins[j]!];
        const joint = Float64Array.from(first, (bin, row) => 65_536 * bin + second[row]!);
        sum += frequencyDistance(joint.subarray(0, size), joint.subarray(size));
      }
    }
  return pairs === 0 ? 0 : sum / pairs;
}

/** Categories, and numbers in quantile bins of the first table, of the rows of both. */
function jointBins(a: TableColumns, b: TableColumns): readonly ArrayLike<number>[] {
  const size = rowCount(a);
  return stacked([a, b]).map(({ kind, values }) =>
    kind === "number" ? quantileBins(values.length, (row) => values[row]!, BINS, size) : values,
  );
}

/** Pearson's correlation; 0 where one of them is constant. */
function pearson(x: ArrayLike<number>, y: ArrayLike<number>): number {
  const [count, meanX, meanY] = [x.length, mean(x), mean(y)];
  let [xx, xy, yy] = [0, 0, 0];
  for (let i = 0; i < count; i++) {
    const [dx, dy] = [x[i]! - meanX, y[i]! - meanY];
    xx += dx * dx;
    xy += dx * dy;
    yy += dy * dy;
  }
  return xx > 0 && yy > 0 ? xy / Math.sqrt(xx * yy) : 0;
}

function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum / values.length;
}
