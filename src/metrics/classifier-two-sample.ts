import { stream } from "../random/index.ts";
import { countFeatures, type Features } from "./features.ts";
import { nearestNeighbors } from "./nearest-neighbors.ts";

/** How well a classifier tells two sets apart on examples it has not seen. */
export interface TwoSampleTest {
  /** 1/2 where it cannot; lower is better. */
  readonly accuracy: number;
  /** Of the accuracy where it cannot. */
  readonly standardError: number;
  /** The chance of as many right by guessing. */
  readonly pValue: number;
  /** Examples it was asked about, half of each set. */
  readonly tested: number;
}

/**
 * Judges `correct` answers of `tested` about examples half from each set (Lopez-Paz & Oquab 2017, arXiv:1610.06545, section 3):
 * a guess is right with probability 1/2, so that the accuracy has standard error 1 / (2 sqrt(tested)), and the p-value is the upper
 * tail of a binomial distribution.
 */
export function judgeTwoSample(correct: number, tested: number): TwoSampleTest {
  return {
    accuracy: correct / tested,
    standardError: 0.5 / Math.sqrt(tested),
    pValue: binomialTail(correct, tested),
    tested,
  };
}

/**
 * The classifier two-sample test by nearest neighbors (arXiv:1610.06545, section 3.1): half of each set, of the same size, teaches and the
 * other half is asked about; an example is of the set that most of its k nearest neighbors are of, k the square root of the number that
 * teach, odd. Features are [count, dim]; the larger set is cut. Throws ConfigError.
 */
export function neighborTwoSample(
  x: Features,
  y: Features,
  dim: number,
  { seed = 0 }: { readonly seed?: number } = {},
): TwoSampleTest {
  const least = 10;
  const count = Math.min(
    countFeatures("c2st: first set", x, { dim, least }),
    countFeatures("c2st: second set", y, { dim, least }),
  );
  const half = Math.floor(count / 2);
  const [taught, asked] = [new Float64Array(2 * half * dim), new Float64Array(2 * half * dim)];
  [x, y].forEach((set, which) => {
    const order = stream(seed, "c2st", which).permutation(set.length / dim);
    for (let i = 0; i < 2 * half; i++) {
      const row = set.subarray(order[i]! * dim, (order[i]! + 1) * dim);
      (i < half ? taught : asked).set(row, (which * half + (i % half)) * dim);
    }
  });
  const root = Math.floor(Math.sqrt(2 * half));
  const k = root % 2 === 1 ? root : root - 1;
  const { indices } = nearestNeighbors(asked, taught, dim, k);
  let correct = 0;
  for (let row = 0; row < 2 * half; row++) {
    let ofSecond = 0;
    for (const neighbor of indices.subarray(row * k, (row + 1) * k)) if (neighbor >= half) ofSecond += 1;
    if (ofSecond > k / 2 === row >= half) correct += 1;
  }
  return judgeTwoSample(correct, 2 * half);
}

/** P(X >= successes) of X ~ Binomial(trials, 1/2). */
function binomialTail(successes: number, trials: number): number {
  // log C(trials, i), from i = 0 up: no term overflows.
  let logTerm = -trials * Math.LN2;
  let tail = 0;
  for (let i = 0; i <= trials; i++) {
    if (i >= successes) tail += Math.exp(logTerm);
    logTerm += Math.log((trials - i) / (i + 1));
  }
  return Math.min(1, tail);
}
