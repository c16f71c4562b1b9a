import { ConfigError } from "../../errors.ts";
import { countFeatures, type Features } from "./features.ts";
import { nearestNeighbors } from "./nearest-neighbors.ts";

/** How far drawn examples repeat the training examples and each other. */
export interface Memorization {
  /** The share of drawn examples that equal one drawn before, value for value. */
  readonly duplicates: number;
  /** The share that equal a training example, value for value. */
  readonly copies: number;
  /** The share whose nearest training example is nearer than a third of the distance of the second nearest. */
  readonly memorized: number;
  /** The same share of the test examples, which nothing has memorized: what chance and repeated examples make of it. */
  readonly memorizedTest: number;
  /**
   * The chance that a drawn example is nearer to the training examples than a test example is, ties counted half: 1/2 for equal
   * distributions, above it for copies, below it for samples far from the data.
   */
  readonly nearer: number;
  /** Of `nearer` in standard errors from 1/2, negative for copies: Z_U of the paper. */
  readonly zScore: number;
}

/**
 * Signs of memorization in features or values [count, dim], by all pairs in float64:
 *
 * - `memorized`: |y - x_1| < |y - x_2| / 3 for the two nearest training examples, the criterion of arXiv:2310.02664
 * - `nearer`, `zScore`: the Mann-Whitney statistic of distances to the nearest training example, of drawn against test examples
 *   (Meehan et al. 2020, arXiv:2004.05675, section 3), over the whole space as one cell
 *
 * Throws ConfigError.
 */
export function memorization(
  { train, test, drawn }: { readonly train: Features; readonly test: Features; readonly drawn: Features },
  dim: number,
): Memorization {
  countFeatures("memorization: training examples", train, { dim, least: 2 });
  const tests = countFeatures("memorization: test examples", test, { dim, least: 2 });
  const draws = countFeatures("memorization: samples", drawn, { dim, least: 2 });
  if (drawn === train || test === train)
    throw new ConfigError("memorization: a set is the training examples themselves, got it twice, expected another");
  const [fromDrawn, fromTest] = [drawn, test].map((set) => nearestNeighbors(set, train, dim, 2).squaredDistances) as [
    Float64Array,
    Float64Array,
  ];
  const nearest = (squared: Float64Array): Float64Array => squared.filter((_, at) => at % 2 === 0);
  const pairs = draws * tests;
  const wins = pairsBelow(nearest(fromDrawn), nearest(fromTest));
  return {
    duplicates: duplicateShare(drawn, dim),
    copies: nearest(fromDrawn).filter((d) => d === 0).length / draws,
    memorized: shareMemorized(fromDrawn),
    memorizedTest: shareMemorized(fromTest),
    nearer: wins / pairs,
    zScore: (pairs / 2 - wins) / Math.sqrt((pairs * (draws + tests + 1)) / 12),
  };
}

/** Of pairs of squared distances to the nearest and second nearest: the share whose ratio of distances is below 1/3. */
function shareMemorized(squared: Float64Array): number {
  let below = 0;
  for (let i = 0; i < squared.length; i += 2) if (9 * squared[i]! < squared[i + 1]!) below += 1;
  return (2 * below) / squared.length;
}

/** Pairs (a, b) with a below b; equal ones count half. */
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

function duplicateShare(drawn: Features, dim: number): number {
  const seen = new Set<string>();
  for (let at = 0; at < drawn.length; at += dim) seen.add(drawn.subarray(at, at + dim).join());
  return 1 - (seen.size * dim) / drawn.length;
}
