import { stream } from "../../random/index.ts";
import { countFeatures, type Features } from "./features.ts";
import { nearestNeighbors } from "./nearest-neighbors.ts";

/** Result of a classifier two-sample test on held-out samples and as many held-out real examples. */
export interface TwoSampleTest {
  /** Held-out accuracy: 1/2 where the classifier cannot distinguish them, the best value. */
  readonly accuracy: number;
  /** Standard error of the accuracy under the null hypothesis. */
  readonly standardError: number;
  /** Probability of at least this many correct predictions by guessing. */
  readonly pValue: number;
  /** Number of held-out examples of both sets together. */
  readonly tested: number;
  /**
   * Accuracy on samples and on real examples alone. Near 1 and near 0, everything is classified as a sample: samples are dense where real
   * examples are, and an accuracy of 1/2 does not mean that the distributions agree.
   */
  readonly onSamples: number;
  readonly onReal: number;
}

/**
 * Result from the number of correct predictions on `half` samples and `half` real examples (Lopez-Paz & Oquab 2017, arXiv:1610.06545,
 * section 3): under the null hypothesis a prediction is correct with probability 1/2, so the accuracy over n predictions has standard error
 * 1 / (2 sqrt(n)), and the p-value is the upper tail of a binomial distribution.
 */
export function twoSampleResult(
  { onSamples, onReal }: { readonly onSamples: number; readonly onReal: number },
  half: number,
): TwoSampleTest {
  const correct = onSamples + onReal;
  const tested = 2 * half;
  return {
    accuracy: correct / tested,
    standardError: 0.5 / Math.sqrt(tested),
    pValue: binomialTail(correct, tested),
    tested,
    onSamples: onSamples / half,
    onReal: onReal / half,
  };
}

/** Training and test rows, [2 half, dim] each: `half` samples, then `half` real examples. */
export interface TwoSampleHalves {
  readonly trainRows: Float32Array;
  readonly testRows: Float32Array;
  readonly half: number;
}

/** Random split into training and test halves of samples and real examples [count, dim]; the larger set is cut. Throws ConfigError below 10. */
export function twoSampleHalves(
  samples: Features,
  real: Features,
  { dim, seed }: { readonly dim: number; readonly seed: number },
): TwoSampleHalves {
  const least = 10;
  const count = Math.min(
    countFeatures("c2st: samples", samples, { dim, least }),
    countFeatures("c2st: real examples", real, { dim, least }),
  );
  const half = Math.floor(count / 2);
  const [trainRows, testRows] = [new Float32Array(2 * half * dim), new Float32Array(2 * half * dim)];
  [samples, real].forEach((set, which) => {
    const order = stream(seed, "c2st", which).permutation(set.length / dim);
    for (let i = 0; i < 2 * half; i++) {
      const row = set.subarray(order[i]! * dim, (order[i]! + 1) * dim);
      (i < half ? trainRows : testRows).set(row, (which * half + (i % half)) * dim);
    }
  });
  return { trainRows, testRows, half };
}

/**
 * Classifier two-sample test by nearest neighbors (arXiv:1610.06545, section 3.1): half of each set is for training, the other half for
 * testing; the prediction is the majority among the k nearest training rows, k the largest odd number up to the square root of their number.
 * Features are [count, dim]. Throws ConfigError for fewer than 10 examples, or features that are not finite or all equal.
 */
export function neighborTwoSample(
  samples: Features,
  real: Features,
  dim: number,
  { seed = 0 }: { readonly seed?: number } = {},
): TwoSampleTest {
  const { trainRows, testRows, half } = twoSampleHalves(samples, real, { dim, seed });
  const root = Math.floor(Math.sqrt(2 * half));
  const k = root % 2 === 1 ? root : root - 1;
  const { indices } = nearestNeighbors(testRows, trainRows, dim, k);
  let [onSamples, onReal] = [0, 0];
  for (let row = 0; row < 2 * half; row++) {
    let votes = 0;
    for (const neighbor of indices.subarray(row * k, (row + 1) * k)) if (neighbor >= half) votes += 1;
    const takenForReal = votes > k / 2;
    if (row < half && !takenForReal) onSamples += 1;
    if (row >= half && takenForReal) onReal += 1;
  }
  return twoSampleResult({ onSamples, onReal }, half);
}

/** P(X >= successes) of X ~ Binomial(trials, 1/2). */
function binomialTail(successes: number, trials: number): number {
  // Term i of the binomial distribution in log space: no term overflows.
  let logTerm = -trials * Math.LN2;
  let tail = 0;
  for (let i = 0; i <= trials; i++) {
    if (i >= successes) tail += Math.exp(logTerm);
    logTerm += Math.log((trials - i) / (i + 1));
  }
  return Math.min(1, tail);
}
