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
      x = normalQuantile(inside(rankOf(quantiles, value) / steps, steps));
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
  return quantileAt(quantiles, normalProbability(x));
}

/** The value below which a fraction p of the rows lie, between quantiles by a straight line. */
export function quantileAt(quantiles: readonly number[], p: number): number {
  const steps = quantiles.length - 1;
  const rank = p * steps;
  const below = Math.max(0, Math.min(steps - 1, Math.floor(rank)));
  return quantiles[below]! + (quantiles[below + 1]! - quantiles[below]!) * (rank - below);
}

/** Ranks of 0 and 1 would be infinitely far out. */
const inside = (rank: number, steps: number): number => Math.min(1 - 0.5 / steps, Math.max(0.5 / steps, rank));

/** Fraction of the rows whose spread continues the map at either end. */
const TAIL = 0.05;

/** Where the map by rank ends on either side, and the change of value for a change of 1 in a model input from there on. */
function tails({ std }: NumberColumn, quantiles: readonly number[]) {
  const steps = quantiles.length - 1;
  const end = normalQuantile(inside(1, steps));
  const reach = end - normalQuantile(1 - TAIL);
  const [least, most] = [quantiles[0]!, quantiles.at(-1)!];
  // Where those rows are equal, the whole column's spread.
  const scale = (spread: number): number => (spread > 0 ? spread / reach : std);
  return [
    { from: least, at: -end, scale: scale(quantileAt(quantiles, TAIL) - least) },
    { from: most, at: end, scale: scale(most - quantileAt(quantiles, 1 - TAIL)) },
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
