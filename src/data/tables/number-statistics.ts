/** What describes the values of a column of numbers. */
export interface NumberFigures {
  readonly mean: number;
  readonly variance: number;
  readonly min: number;
  readonly max: number;
}

/** Figures of the `count` values that are not NaN; `pieces` gives them all, each time it is called. */
export function numberFigures(pieces: () => Iterable<Float64Array>, count: number): NumberFigures {
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
  // Once more from there, which takes back what rounding left.
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

/** The third moment of the `count` values that are not NaN, about their mean, in standard deviations. */
export function skewness(
  pieces: Iterable<Float64Array>,
  count: number,
  { mean, variance }: Pick<NumberFigures, "mean" | "variance">,
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

/** The `count` values that are not NaN; if they are very many, `most` or fewer of them spread evenly over all. */
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
