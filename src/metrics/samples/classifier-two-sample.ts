import { stream } from "../../random/index.ts";
import { countFeatures, type Features } from "./features.ts";
import { nearestNeighbors } from "./nearest-neighbors.ts";

/** How well a classifier tells samples from real examples, half of each, that it has not seen. */
export interface TwoSampleTest {
  /** 1/2 where it cannot; lower is better. */
  readonly accuracy: number;
  /** Of the accuracy where it cannot. */
  readonly standardError: number;
  /** The chance of as many right by guessing. */
  readonly pValue: number;
  /** Examples it was asked about. */
  readonly tested: number;
  /**
   * The accuracy on samples and on real examples alone. Near 1 and near 0, all are taken for samples: these crowd where real examples
   * are, and an accuracy of 1/2 does not mean that the two are alike.
   */
  readonly ofDrawn: number;
  readonly ofReal: number;
}

/**
 * Judges right answers, `ofDrawn` about samples and `ofReal` about as many real examples, `half` each (Lopez-Paz & Oquab 2017,
 * arXiv:1610.06545, section 3): a guess is right with probability 1/2, so that the accuracy over n answers has standard error
 * 1 / (2 sqrt(n)), and the p-value is the upper tail of a binomial distribution.
 */
export function judgeTwoSample(
  { ofDrawn, ofReal }: { readonly ofDrawn: number; readonly ofReal: number },
  half: number,
): TwoSampleTest {
  const correct = ofDrawn + ofReal;
  const tested = 2 * half;
  return {
    accuracy: correct / tested,
    standardError: 0.5 / Math.sqrt(tested),
    pValue: binomialTail(correct, tested),
    tested,
    ofDrawn: ofDrawn / half,
    ofReal: ofReal / half,
  };
}

/** Rows to learn from, and others to be asked about: in each `half` samples, then `half` real examples. */
export interface TwoSampleHalves {
  readonly taught: Float32Array;
  readonly asked: Float32Array;
  readonly half: number;
}

/** Divides samples and real examples [count, dim] at random, the larger set cut. Throws ConfigError for fewer than 10. */
export function twoSampleHalves(
  drawn: Features,
  real: Features,
  { dim, seed }: { readonly dim: number; readonly seed: number },
): TwoSampleHalves {
  const least = 10;
  const count = Math.min(
    countFeatures("c2st: samples", drawn, { dim, least }),
    countFeatures("c2st: real examples", real, { dim, least }),
  );
  const half = Math.floor(count / 2);
  const [taught, asked] = [new Float32Array(2 * half * dim), new Float32Array(2 * half * dim)];
  [drawn, real].forEach((set, which) => {
    const order = stream(seed, "c2st", which).permutation(set.length / dim);
    for (let i = 0; i < 2 * half; i++) {
      const row = set.subarray(order[i]! * dim, (order[i]! + 1) * dim);
      (i < half ? taught : asked).set(row, (which * half + (i % half)) * dim);
    }
  });
  return { taught, asked, half };
}

/**
 * The classifier two-sample test by nearest neighbors (arXiv:1610.06545, section 3.1): half of each set, of the same size, teaches and the
 * other half is asked about; an example is of the set that most of its k nearest neighbors are of, k the square root of the number that
 * teach, odd. Features are [count, dim]. Throws ConfigError.
 */
export function neighborTwoSample(
  drawn: Features,
  real: Features,
  dim: number,
  { seed = 0 }: { readonly seed?: number } = {},
): TwoSampleTest {
  const { taught, asked, half } = twoSampleHalves(drawn, real, { dim, seed });
  const root = Math.floor(Math.sqrt(2 * half));
  const k = root % 2 === 1 ? root : root - 1;
  const { indices } = nearestNeighbors(asked, taught, dim, k);
  let [ofDrawn, ofReal] = [0, 0];
  for (let row = 0; row < 2 * half; row++) {
    let votes = 0;
    for (const neighbor of indices.subarray(row * k, (row + 1) * k)) if (neighbor >= half) votes += 1;
    const takenForReal = votes > k / 2;
    if (row < half && !takenForReal) ofDrawn += 1;
    if (row >= half && takenForReal) ofReal += 1;
  }
  return judgeTwoSample({ ofDrawn, ofReal }, half);
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
