import { ConfigError } from "../../errors.ts";
import { stream } from "../../random/index.ts";
import { countFeatures, type Features } from "./features.ts";
import { squaredDistances } from "./squared-distances.ts";

/** Kernels k(x, y) as functions of |x - y|^2 / s^2, s the bandwidth. */
export const discrepancyKernels = {
  /** exp(-|x - y|^2 / (2 s^2)) */
  rbf: (squared: number): number => Math.exp(-squared / 2),
  /** Inverse multiquadric, 1 / (1 + |x - y|^2 / s^2): heavier tails than `rbf`. */
  imq: (squared: number): number => 1 / (1 + squared),
} as const satisfies Record<string, (squared: number) => number>;

export type DiscrepancyKernel = keyof typeof discrepancyKernels;

/** A maximum mean discrepancy with its permutation-test p-value. */
export interface Discrepancy {
  /** Unbiased estimate: negative as often as positive for equal distributions. */
  readonly squaredMmd: number;
  /** Fraction of the permutations, the identity included, with a discrepancy at least as large. */
  readonly pValue: number;
  /** Bandwidth s, in units of the features. */
  readonly bandwidth: number;
}

/** Largest number of pooled examples: all kernel values are in memory at once, 8 bytes per pair. */
const MOST = 8000;

/**
 * Squared maximum mean discrepancy (MMD) of two sets of features [count, dim] as an unbiased U-statistic (Gretton et al., JMLR 13:723, 2012,
 * eq. 3), in float64:
 *
 *   mean_{i != j} k(x_i, x_j) + mean_{i != j} k(y_i, y_j) - 2 mean_{i, j} k(x_i, y_j),  x samples, y real,
 *
 * with the p-value of a permutation test. The default bandwidth s is the median distance of pooled pairs (their section 8). Throws ConfigError
 * for more than 8000 examples together, fewer than 2 of either, or features that are not finite, or all equal, but for samples that `mayBeEqual`.
 */
export function maximumMeanDiscrepancy(
  samples: Features,
  real: Features,
  dim: number,
  {
    kernel = "rbf",
    bandwidth,
    permutations = 200,
    seed = 0,
    mayBeEqual = false,
  }: {
    readonly kernel?: DiscrepancyKernel;
    readonly bandwidth?: number;
    readonly permutations?: number;
    readonly seed?: number;
    readonly mayBeEqual?: boolean;
  } = {},
): Discrepancy {
  const n = countFeatures("mmd: samples", samples, { dim, least: 2, mayBeEqual });
  const m = countFeatures("mmd: real examples", real, { dim, least: 2 });
  if (n + m > MOST)
    throw new ConfigError(
      `mmd: too many examples, got ${n} samples and ${m} real ones, expected at most ${MOST} together`,
    );
  const values = pooledDistances(samples, real, dim);
  const s = bandwidth ?? Math.sqrt(median(values));
  if (!(s > 0 && s < Infinity))
    throw new ConfigError(
      `mmd: no bandwidth, got ${s}${bandwidth === undefined ? " as the median distance" : ""}, expected a number above 0`,
    );
  const k = discrepancyKernels[kernel];
  for (let i = 0; i < values.length; i++) values[i] = k(values[i]! / s ** 2);
  const statistic = divisionStatistic(values, n + m);
  const observed = statistic(Uint32Array.from({ length: n }, (_, i) => i));
  const random = stream(seed, "mmd");
  let asLarge = 1;
  for (let p = 0; p < permutations; p++)
    if (
      statistic(
        random
          .permutation(n + m)
          .subarray(0, n)
          .toSorted(),
      ) >= observed
    )
      asLarge += 1;
  return { squaredMmd: observed, pValue: asLarge / (permutations + 1), bandwidth: s };
}

/** Squared distances of all pairs of pooled rows, packed by row: the pairs of row i with earlier rows start at i (i - 1) / 2. */
function pooledDistances(x: Features, y: Features, dim: number): Float64Array {
  const pooled = new Float64Array(x.length + y.length);
  pooled.set(x);
  pooled.set(y, x.length);
  const count = pooled.length / dim;
  const pairs = new Float64Array((count * (count - 1)) / 2);
  squaredDistances(pooled, pooled, dim, (i, from, distances) => {
    if (from < i) pairs.set(distances.subarray(0, Math.min(distances.length, i - from)), (i * (i - 1)) / 2 + from);
  });
  return pairs;
}

function median(values: Float64Array): number {
  const sorted = values.toSorted();
  return (sorted[Math.floor((sorted.length - 1) / 2)]! + sorted[Math.floor(sorted.length / 2)]!) / 2;
}

/** The U-statistic as a function of the ascending indices of the first set, from the packed kernel values `pairs` of `count` examples. */
function divisionStatistic(pairs: Float64Array, count: number): (first: Uint32Array) => number {
  const rowSums = new Float64Array(count);
  let all = 0;
  for (let i = 0, at = 0; i < count; i++)
    for (let j = 0; j < i; j++, at++) {
      const value = pairs[at]!;
      rowSums[i]! += value;
      rowSums[j]! += value;
      all += value;
    }
  return (first) => {
    const n = first.length;
    const m = count - n;
    let within = 0;
    let rows = 0;
    for (let a = 0; a < n; a++) {
      const i = first[a]!;
      const row = (i * (i - 1)) / 2;
      rows += rowSums[i]!;
      for (let b = 0; b < a; b++) within += pairs[row + first[b]!]!;
    }
    // Row sums of the first set count its inner pairs twice and cross pairs once.
    const across = rows - 2 * within;
    const others = all - within - across;
    return (2 * within) / (n * (n - 1)) + (2 * others) / (m * (m - 1)) - (2 * across) / (n * m);
  };
}
