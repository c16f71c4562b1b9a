import { ConfigError } from "../../errors.ts";
import { countFeatures, type Features } from "./features.ts";
import { nearestNeighbors } from "./nearest-neighbors.ts";
import { squaredDistances } from "./squared-distances.ts";

/** Realism (precision, density) and variety (recall, coverage) of samples against real examples; higher is better. */
export interface Fidelity {
  /** Fraction of samples in the neighborhood of some real example. */
  readonly precision: number;
  /** Fraction of real examples in the neighborhood of some sample. */
  readonly recall: number;
  /** Mean number of real neighborhoods that contain a sample, over k: 1 in expectation for equal distributions, more in dense regions. */
  readonly density: number;
  /** Fraction of real examples with a sample in their neighborhood. */
  readonly coverage: number;
}

/**
 * Precision and recall (Kynkaanniemi et al. 2019, arXiv:1904.06991, eq. 1 and 2) and density and coverage (Naeem et al. 2020,
 * arXiv:2002.09797, eq. 4 and 5) of features [count, dim], by exhaustive comparison in float64.
 *
 *   precision = mean_j max_i 1[y_j in B(x_i)]        recall   = mean_i max_j 1[x_i in B(y_j)]
 *   density = mean_j sum_i 1[y_j in B(x_i)] / k      coverage = mean_i max_j 1[y_j in B(x_i)]
 *
 * for real x and samples y, where B(x) is the closed ball around x up to its k-th nearest neighbor in its own set; k is `precisionK` in the
 * first row and `densityK` in the second. Values for different k or counts are not comparable. Throws ConfigError for a k below 1, too few
 * examples, or features that are not finite or all equal.
 *
 * @example
 * const random = stream(0, "features");
 * const features = (std: number) => Float32Array.from({ length: 2_000 }, () => std * random.normal());
 * const { precision, recall } = fidelity(features(1), features(0.5), 2);
 * precision > recall; // true
 */
export function fidelity(
  real: Features,
  samples: Features,
  dim: number,
  { precisionK = 3, densityK = 5 }: { readonly precisionK?: number; readonly densityK?: number } = {},
): Fidelity {
  const largest = Math.max(precisionK, densityK);
  for (const k of [precisionK, densityK])
    if (!Number.isInteger(k) || k < 1)
      throw new ConfigError(`precision and recall: no such neighbor, got k = ${k}, expected an integer from 1`);
  const reals = countFeatures("precision and recall: real examples", real, { dim, least: largest + 1 });
  const sampleCount = countFeatures("precision and recall: samples", samples, { dim, least: precisionK + 1 });
  const neighbors = nearestNeighbors(real, real, dim, largest).squaredDistances;
  const reach = (k: number): Float64Array =>
    Float64Array.from({ length: reals }, (_, i) => neighbors[i * largest + k - 1]!);
  const [realReach, realDensityReach] = [reach(precisionK), reach(densityK)];
  const sampleReach = nearestNeighbors(samples, samples, dim, precisionK).squaredDistances.filter(
    (_, at) => at % precisionK === precisionK - 1,
  );

  const precise = new Uint8Array(sampleCount);
  const [recalled, covered] = [new Uint8Array(reals), new Uint8Array(reals)];
  let within = 0;
  squaredDistances(real, samples, dim, (i, from, distances) => {
    const [own, ownDensity] = [realReach[i]!, realDensityReach[i]!];
    for (let j = 0; j < distances.length; j++) {
      const distance = distances[j]!;
      if (distance <= own) precise[from + j] = 1;
      if (distance <= sampleReach[from + j]!) recalled[i] = 1;
      if (distance <= ownDensity) {
        within += 1;
        covered[i] = 1;
      }
    }
  });
  return {
    precision: fractionOfOnes(precise),
    recall: fractionOfOnes(recalled),
    density: within / (densityK * sampleCount),
    coverage: fractionOfOnes(covered),
  };
}

const fractionOfOnes = (marks: Uint8Array): number => marks.reduce((sum, mark) => sum + mark, 0) / marks.length;
