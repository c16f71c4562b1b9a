import { normalProbability } from "../../../normal-quantile.ts";

/** Summary statistics of a numeric column. */
export interface NumberStatistics {
  readonly mean: number;
  readonly variance: number;
  readonly min: number;
  readonly max: number;
}

/** Statistics of the `count` values that are not NaN; `pieces` yields all values each time it is called. */
export function numberStatistics(pieces: () => Iterable<Float64Array>, count: number): NumberStatistics {
  let [about, rest, variance] = [0, 0, 0];
  for (const piece of pieces())
    for (let i = 0; i < piece.length; i++) if (!Number.isNaN(piece[i]!)) about += piece[i]! / count;
  // A second pass around the first estimate of the mean removes its rounding error.
  for (const piece of pieces())
    for (let i = 0; i < piece.length; i++) if (!Number.isNaN(piece[i]!)) rest += (piece[i]! - about) / count;
  const mean = about + rest;
  for (const piece of pieces())
    for (let i = 0; i < piece.length; i++) {
      const off = piece[i]! - mean;
      if (!Number.isNaN(off)) variance += (off * off) / count;
    }
  return { mean, variance, ...rangeOf(pieces()) };
}

/** The least and the greatest of the values that are not NaN. */
export function rangeOf(pieces: Iterable<Float64Array>): Pick<NumberStatistics, "min" | "max"> {
  let [min, max] = [Infinity, -Infinity];
  for (const piece of pieces)
    for (let i = 0; i < piece.length; i++) {
      // Comparisons are false for NaN.
      if (piece[i]! < min) min = piece[i]!;
      if (piece[i]! > max) max = piece[i]!;
    }
  return { min, max };
}

/** Largest distance of a distribution function from the normal one at which a column is standardized, not mapped by rank. */
const MOST_APART = 0.03;

/** Whether sorted values are about normally distributed: sup |F(x) - Phi((x - mean) / std)| is small (Lilliefors 1967). */
export function isNearNormal(
  sorted: Float64Array,
  { mean, variance }: Pick<NumberStatistics, "mean" | "variance">,
): boolean {
  const std = Math.sqrt(variance);
  // Between two of 1000 evenly spaced ranks, neither function changes by more than that.
  const steps = Math.min(1000, sorted.length);
  for (let i = 0; i < steps; i++) {
    const at = Math.floor(((i + 0.5) * sorted.length) / steps);
    if (Math.abs((at + 0.5) / sorted.length - normalProbability((sorted[at]! - mean) / std)) > MOST_APART) return false;
  }
  return true;
}

/** The `count` values that are not NaN, subsampled evenly to at most `most`. */
export function valuesOf(pieces: Iterable<Float64Array>, count: number, most: number): Float64Array {
  const step = Math.ceil(count / most);
  const some = new Float64Array(Math.ceil(count / step));
  let seen = 0;
  for (const piece of pieces)
    for (const value of piece) {
      if (Number.isNaN(value)) continue;
      if (seen % step === 0) some[seen / step] = value;
      seen += 1;
    }
  return some;
}
