import { ConfigError } from "../../errors.ts";
import { countFeatures, type Features } from "./features.ts";
import { nearestNeighbors } from "./nearest-neighbors.ts";

/** Signs that samples repeat the training examples or each other. */
export interface Memorization {
  /** Fraction of samples exactly equal to an earlier sample. */
  readonly duplicates: number;
  /** Fraction of samples exactly equal to a training example. */
  readonly copies: number;
  /** Fraction of samples whose nearest training example is at less than 1/3 of the distance of the second nearest. */
  readonly memorized: number;
  /** The same fraction of test examples, which cannot be memorized: the baseline. */
  readonly memorizedTest: number;
  /**
   * Probability that a sample is nearer to the training examples than a test example is, ties counting half: 1/2 for equal distributions,
   * higher for copies, lower for samples far from the data.
   */
  readonly nearer: number;
  /** `nearer` as a z-score, in standard errors from 1/2, negative for copies: Z_U of arXiv:2004.05675. */
  readonly zScore: number;
}

/**
 * Memorization metrics of features or raw values [count, dim], by exhaustive comparison in float64:
 *
 * - `memorized`: |y - x_1| < |y - x_2| / 3 for the two nearest training examples, the criterion of arXiv:2310.02664
 * - `nearer`, `zScore`: the Mann-Whitney statistic of distances to the nearest training example, samples against test examples
 *   (Meehan et al. 2020, arXiv:2004.05675, section 3), with the whole space as one cell
 *
 * Throws ConfigError for fewer than 2 examples of a set, features that are not finite or all equal, or the training set given as another set.
 */
export function memorization(
  { train, test, samples }: { readonly train: Features; readonly test: Features; readonly samples: Features },
  dim: number,
): Memorization {
  countFeatures("memorization: training examples", train, { dim, least: 2 });
  const tests = countFeatures("memorization: test examples", test, { dim, least: 2 });
  const sampleCount = countFeatures("memorization: samples", samples, { dim, least: 2 });
  if (samples === train || test === train)
    throw new ConfigError("memorization: a set is the training examples themselves, got it twice, expected another");
  const [fromSamples, fromTest] = [samples, test].map(
    (set) => nearestNeighbors(set, train, dim, 2).squaredDistances,
  ) as [Float64Array, Float64Array];
  const nearest = (squared: Float64Array): Float64Array => squared.filter((_, at) => at % 2 === 0);
  const pairs = sampleCount * tests;
  const wins = pairsBelow(nearest(fromSamples), nearest(fromTest));
  return {
    duplicates: duplicateFraction(samples, dim),
    copies: nearest(fromSamples).filter((d) => d === 0).length / sampleCount,
    memorized: fractionMemorized(fromSamples),
    memorizedTest: fractionMemorized(fromTest),
    nearer: wins / pairs,
    zScore: (pairs / 2 - wins) / Math.sqrt((pairs * (sampleCount + tests + 1)) / 12),
  };
}

/** Fraction of rows whose nearest distance is below 1/3 of the second nearest, from pairs of squared distances. */
function fractionMemorized(squared: Float64Array): number {
  let below = 0;
  for (let i = 0; i < squared.length; i += 2) if (9 * squared[i]! < squared[i + 1]!) below += 1;
  return (2 * below) / squared.length;
}

/** Number of pairs (a, b) with a < b; ties count half. */
function pairsBelow(a: Float64Array, b: Float64Array): number {
  const [first, second] = [a.toSorted(), b.toSorted()];
  let wins = 0;
  let [below, notAbove] = [0, 0];
  for (const value of second) {
    while (below < first.length && first[below]! < value) below += 1;
    notAbove = Math.max(notAbove, below);
    while (first[notAbove] === value) notAbove += 1;
    wins += (below + notAbove) / 2;
  }
  return wins;
}

function duplicateFraction(samples: Features, dim: number): number {
  const seen = new Set<string>();
  for (let at = 0; at < samples.length; at += dim) seen.add(samples.subarray(at, at + dim).join());
  return 1 - (seen.size * dim) / samples.length;
}
