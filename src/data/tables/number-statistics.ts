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
  let [min, max] = [Infinity, -Infinity];
  for (const piece of pieces())
    for (let i = 0; i < piece.length; i++) {
      const value = piece[i]!;
      if (Number.isNaN(value)) continue;
      about += value / count;
      if (value < min) min = value;
      if (value > max) max = value;
    }
  // A second pass around the first estimate of the mean removes its rounding error.
  for (const piece of pieces())
    for (let i = 0; i < piece.length; i++) if (!Number.isNaN(piece[i]!)) rest += (piece[i]! - about) / count;
  const mean = about + rest;
  for (const piece of pieces())
    for (let i = 0; i < piece.length; i++) {
      const off = piece[i]! - mean;
      if (!Number.isNaN(off)) variance += (off * off) / count;
    }
  return { mean, variance, min, max };
}

/** Skewness (third standardized moment) of the `count` values that are not NaN. */
export function skewness(
  pieces: Iterable<Float64Array>,
  count: number,
  { mean, variance }: Pick<NumberStatistics, "mean" | "variance">,
): number {
  const std = Math.sqrt(variance);
  let sum = 0;
  for (const piece of pieces)
    for (let i = 0; i < piece.length; i++) {
      const z = (piece[i]! - mean) / std;
      if (!Number.isNaN(z)) sum += (z * z * z) / count;
    }
  return sum;
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
