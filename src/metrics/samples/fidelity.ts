import { ConfigError } from "../../errors.ts";
import { countFeatures, type Features } from "./features.ts";
import { nearestNeighbors } from "./nearest-neighbors.ts";
import { squaredDistances } from "./squared-distances.ts";

/** How real drawn examples look (precision, density) and how much of the real ones they reach (recall, coverage); higher is better. */
export interface Fidelity {
  /** The share of drawn examples in the neighborhood of some real one. */
  readonly precision: number;
  /** The share of real examples in the neighborhood of some drawn one. */
  readonly recall: number;
  /** How many neighborhoods of real examples a drawn one is in, over k: 1 on average for equal distributions, more in crowded places. */
  readonly density: number;
  /** The share of real examples with a drawn one in their neighborhood. */
  readonly coverage: number;
}

/**
 * Precision and recall (Kynkaanniemi et al. 2019, arXiv:1904.06991, eq. 1 and 2) and density and coverage (Naeem et al. 2020,
 * arXiv:2002.09797, eq. 4 and 5) of features [count, dim], exactly: every pair is compared, in float64.
 *
 *   precision = mean_j max_i 1[y_j in B(x_i)]        recall   = mean_i max_j 1[x_i in B(y_j)]
 *   density = mean_j sum_i 1[y_j in B(x_i)] / k      coverage = mean_i max_j 1[y_j in B(x_i)]
 *
 * for real x and drawn y, where B(x) is the ball about x out to its k-th nearest neighbor among its own kind, surface included: k is
 * `precisionK` in the first row and `densityK` in the second. Figures of different k or counts do not compare. Throws ConfigError.
 */
export function fidelity(
  real: Features,
  drawn: Features,
  dim: number,
  { precisionK = 3, densityK = 5 }: { readonly precisionK?: number; readonly densityK?: number } = {},
): Fidelity {
  const largest = Math.max(precisionK, densityK);
  for (const k of [precisionK, densityK])
    if (!Number.isInteger(k) || k < 1)
      throw new ConfigError(`precision and recall: no such neighbor, got k = ${k}, expected an integer from 1`);
  const reals = countFeatures("precision and recall: real examples", real, { dim, least: largest + 1 });
  const draws = countFeatures("precision and recall: samples", drawn, { dim, least: precisionK + 1 });
  const neighbors = nearestNeighbors(real, real, dim, largest).squaredDistances;
  const reach = (k: number): Float64Array =>
    Float64Array.from({ length: reals }, (_, i) => neighbors[i * largest + k - 1]!);
  const [realReach, realDensityReach] = [reach(precisionK), reach(densityK)];
  const drawnReach = nearestNeighbors(drawn, drawn, dim, precisionK).squaredDistances.filter(
    (_, at) => at % precisionK === precisionK - 1,
  );

  const precise = new Uint8Array(draws);
  const [recalled, covered] = [new Uint8Array(reals), new Uint8Array(reals)];
  let within = 0;
  squaredDistances(real, drawn, dim, (i, from, distances) => {
    const [own, ownDensity] = [realReach[i]!, realDensityReach[i]!];
    for (let j = 0; j < distances.length; j++) {
      const distance = distances[j]!;
      if (distance <= own) precise[from + j] = 1;
      if (distance <= drawnReach[from + j]!) recalled[i] = 1;
      if (distance <= ownDensity) {
        within += 1;
        covered[i] = 1;
      }
    }
  });
  return {
    precision: shareOfOnes(precise),
    recall: shareOfOnes(recalled),
    density: within / (densityK * draws),
    coverage: shareOfOnes(covered),
  };
}

const shareOfOnes = (marks: Uint8Array): number => marks.reduce((sum, mark) => sum + mark, 0) / marks.length;
