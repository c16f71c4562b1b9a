import { normalProbability, normalQuantile } from "../../../normal-quantile.ts";
import type { NumberColumn } from "../column.ts";

/** Number of values memoized per column: many columns have few distinct values. */
const MOST_KNOWN = 1000;

/** How a column of numbers becomes a model input: by its mean and standard deviation, or as a standard normal variable by rank. */
export const scalingOf = ({ quantiles, scaling }: NumberColumn): "standard" | "quantile" =>
  scaling ?? (quantiles ? "quantile" : "standard");

/**
 * The map from a column's values to model inputs. Beyond the quantiles it goes on along a straight line, so that what lies further out
 * is further out for a model too.
 */
export function modelMapping(column: NumberColumn): (value: number) => number {
  const { mean, std, quantiles } = column;
  if (!quantiles || scalingOf(column) === "standard") return (value) => (value - mean) / std;
  const steps = quantiles.length - 1;
  const [low, high] = tails(column, quantiles);
  const known = new Map<number, number>();
  return (value) => {
    if (value < low.from) return low.at + (value - low.from) / low.scale;
    if (value > high.from) return high.at + (value - high.from) / high.scale;
    let x = known.get(value);
    if (x === undefined) {
      x = normalQuantile(fractionOf(rankOf(quantiles, value), steps));
      if (known.size < MOST_KNOWN) known.set(value, x);
    }
    return x;
  };
}

/** The value of a model input, not rounded: the inverse of `modelMapping`. */
export function fromModel(column: NumberColumn, x: number): number {
  const { mean, std, quantiles } = column;
  if (!quantiles || scalingOf(column) === "standard") return x * std + mean;
  const [low, high] = tails(column, quantiles);
  if (x < low.at) return low.from + (x - low.at) * low.scale;
  if (x > high.at) return high.from + (x - high.at) * high.scale;
  return valueAt(quantiles, normalProbability(x) * quantiles.length - 0.5);
}

/** The value below which a fraction p of the rows lie. */
export const quantileAt = (quantiles: readonly number[], p: number): number =>
  valueAt(quantiles, p * (quantiles.length - 1));

/** The fraction of a normal variable below a rank from 0 to `steps`: half a step is left at either end, as 0 and 1 are infinitely far out. */
const fractionOf = (rank: number, steps: number): number => (rank + 0.5) / (steps + 1);

/** The value of a rank, between quantiles by a straight line; the outermost ones where the rank is beyond them. */
function valueAt(quantiles: readonly number[], rank: number): number {
  const steps = quantiles.length - 1;
  const inside = Math.max(0, Math.min(steps, rank));
  const below = Math.min(steps - 1, Math.floor(inside));
  return quantiles[below]! + (quantiles[below + 1]! - quantiles[below]!) * (inside - below);
}

/** Fraction of the rows whose spread continues the map at either end. */
const TAIL = 0.05;

/** Where the map by rank ends on either side, and the change of value for a change of 1 in a model input from there on. */
function tails({ std }: NumberColumn, quantiles: readonly number[]) {
  const steps = quantiles.length - 1;
  const ranks = Math.max(1, TAIL * steps);
  const end = normalQuantile(fractionOf(steps, steps));
  const reach = end - normalQuantile(fractionOf(steps - ranks, steps));
  const [least, most] = [quantiles[0]!, quantiles.at(-1)!];
  // Where those rows are equal, the whole column's spread.
  const scale = (spread: number): number => (spread > 0 ? spread / reach : std);
  return [
    { from: least, at: -end, scale: scale(valueAt(quantiles, ranks) - least) },
    { from: most, at: end, scale: scale(most - valueAt(quantiles, steps - ranks)) },
  ] as const;
}

/** Fractional rank of a value among quantiles: the middle of equal ones, else interpolated between its neighbors. */
function rankOf(quantiles: readonly number[], value: number): number {
  const first = countWhile(quantiles, (q) => q < value);
  const after = countWhile(quantiles, (q) => q <= value);
  if (after > first) return (first + after - 1) / 2;
  const below = quantiles[first - 1]!;
  return first - 1 + (value - below) / (quantiles[first]! - below);
}

/** Length of the prefix of ascending values for which `holds` is true (binary search). */
function countWhile(values: readonly number[], holds: (value: number) => boolean): number {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(values[middle]!)) low = middle + 1;
    else high = middle;
  }
  return low;
}
