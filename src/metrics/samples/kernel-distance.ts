import { ConfigError } from "../../errors.ts";
import { stream } from "../../random/index.ts";
import { normalQuantile } from "../../normal-quantile.ts";
import { countFeatures, type Features } from "./features.ts";

export interface KernelDistance {
  /** Mean over subsets; the estimator is unbiased, so it is negative as often as positive for equal distributions. */
  readonly value: number;
  readonly standardError: number;
  /** 95% confidence interval, by Student's t over the subsets. */
  readonly interval: readonly [low: number, high: number];
  readonly subsets: number;
  /** Examples of each set per subset. */
  readonly subsetSize: number;
}

/** Subset size where there are enough examples, as in Binkowski et al. */
const usualSize = 1000;
/** With fewer subsets the confidence interval is too wide to be useful. */
const fewestSubsets = 10;

/**
 * Kernel distance (KID with Inception features) of two sets of features [count, dim] (Binkowski et al. 2018, arXiv:1801.01401): an unbiased
 * estimate, in float64, of the squared maximum mean discrepancy for the kernel k(x, y) = (x . y / dim + 1)^3,
 *
 *   |E phi(x) - E phi(y)|^2 = E k(x, x') + E k(y, y') - 2 E k(x, y)
 *
 * It is the mean over disjoint subsets of a cross estimate: the inner product of E phi(x) - E phi(y) on one half of the subset with that on
 * the other half (Shekhar et al. 2022, arXiv:2211.14908). For equal distributions it is symmetric around 0, so Student's interval over the
 * subsets holds; the usual all-pairs U-statistic has a long right tail there. Throws ConfigError for fewer than 40 examples of a set, or
 * features that are not finite or all equal, but for those of x where they `mayBeEqual`.
 *
 * @example
 * const random = stream(0, "features");
 * const features = (mean: number) => Float32Array.from({ length: 8_000 }, () => mean + random.normal());
 * const { value, interval } = kernelDistance(features(1), features(0), 4);
 * interval[0] > 0; // true
 */
export function kernelDistance(
  x: Features,
  y: Features,
  dim: number,
  { seed = 0, mayBeEqual = false } = {},
): KernelDistance {
  const least = 4 * fewestSubsets;
  const n = countFeatures("kid: generated examples", x, { dim, least, mayBeEqual });
  const m = countFeatures("kid: examples", y, { dim, least });
  const fewer = Math.min(n, m);
  const subsets = Math.max(fewestSubsets, Math.floor(fewer / usualSize));
  const subsetSize = Math.floor(fewer / subsets);
  const random = stream(seed, "kid");
  const [ofX, ofY] = [random.permutation(n), random.permutation(m)];
  const half = Math.floor(subsetSize / 2);
  const values = Array.from({ length: subsets }, (_, k) => {
    const halves = (set: Features, order: Uint32Array): Halves => {
      const rows = rowsAt(set, order.subarray(k * subsetSize, (k + 1) * subsetSize), dim);
      return [rows.subarray(0, half * dim), rows.subarray(half * dim)];
    };
    return crossDiscrepancy(halves(x, ofX), halves(y, ofY), dim);
  });
  const value = values.reduce((sum, v) => sum + v, 0) / subsets;
  const variance = values.reduce((sum, v) => sum + (v - value) ** 2, 0) / (subsets - 1);
  const standardError = Math.sqrt(variance / subsets);
  if (!(standardError > 0))
    throw new ConfigError(`kid: subsets do not differ, got a standard error of ${standardError}, expected one above 0`);
  const reach = studentQuantile(0.975, subsets - 1) * standardError;
  return { value, standardError, interval: [value - reach, value + reach], subsets, subsetSize };
}

function rowsAt(set: Features, indices: Uint32Array, dim: number): Float64Array {
  const rows = new Float64Array(indices.length * dim);
  indices.forEach((index, i) => rows.set(set.subarray(index * dim, (index + 1) * dim), i * dim));
  return rows;
}

type Halves = readonly [Features, Features];

/** <m(x_1) - m(y_1), m(x_2) - m(y_2)> in the kernel's feature space, with m the mean over rows. */
export function crossDiscrepancy([x1, x2]: Halves, [y1, y2]: Halves, dim: number): number {
  return meanKernel(x1, x2, dim) + meanKernel(y1, y2, dim) - meanKernel(x1, y2, dim) - meanKernel(y1, x2, dim);
}

/** Mean of the kernel over pairs of rows. */
function meanKernel(a: Features, b: Features, dim: number): number {
  let sum = 0;
  for (let i = 0; i < a.length; i += dim)
    for (let j = 0; j < b.length; j += dim) {
      let product = 0;
      for (let k = 0; k < dim; k++) product += a[i + k]! * b[j + k]!;
      const base = product / dim + 1;
      sum += base * base * base;
    }
  return sum / ((a.length / dim) * (b.length / dim));
}

/**
 * Quantile of Student's t by an expansion around the normal quantile (Abramowitz & Stegun 26.7.5): within 1e-3 at 0.975 for 9 or more degrees
 * of freedom.
 */
function studentQuantile(p: number, freedom: number): number {
  const z = normalQuantile(p);
  const g1 = (z ** 3 + z) / 4;
  const g2 = (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96;
  const g3 = (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / 384;
  return z + g1 / freedom + g2 / freedom ** 2 + g3 / freedom ** 3;
}
