import { countFeatures, type Features } from "./features.ts";
import { LogMeanExp } from "../importance-bounds.ts";
import { squaredDistances } from "./squared-distances.ts";

/**
 * Log-likelihoods in nats of points under Gaussian kernel density estimates, log mean_s N(x; s, bandwidth^2 I) over samples s:
 * [bandwidths][points]. Samples and points are [count, dim]. Throws ConfigError for a value that is not finite.
 */
export function parzenLogLikelihoods(
  samples: Features,
  points: Features,
  { dim, bandwidths }: { readonly dim: number; readonly bandwidths: readonly number[] },
): readonly Float64Array[] {
  countFeatures("parzen", samples, { dim, least: 1 });
  const count = countFeatures("parzen", points, { dim, least: 1 });
  const sums = bandwidths.map(() => Array.from({ length: count }, () => new LogMeanExp()));
  const scales = bandwidths.map((bandwidth) => -1 / (2 * bandwidth ** 2));
  squaredDistances(points, samples, dim, (point, _, distances) => {
    for (const [k, scale] of scales.entries()) {
      const sum = sums[k]![point]!;
      for (let j = 0; j < distances.length; j++) sum.add(scale * distances[j]!);
    }
  });
  return sums.map((each, k) => {
    const logNorm = (dim / 2) * Math.log(2 * Math.PI * bandwidths[k]! ** 2);
    return Float64Array.from(each, ({ value }) => value - logNorm);
  });
}

/** Candidate bandwidths, in units of the points' root mean variance: successive ratios are sqrt(2). */
const candidates = Array.from({ length: 15 }, (_, k) => 2 ** (-6 + k / 2));

/**
 * Around the best of them, of ratios 2^(1/16). Where one sample decides, the log-likelihood of d dimensions falls by d r^2 for a bandwidth e^r
 * times the best: in 784 by up to 24 nats between the first candidates, and by less than half a nat between these.
 */
const finer = Array.from({ length: 17 }, (_, k) => 2 ** ((k - 8) / 16));

/**
 * Parzen-window log-likelihood, the metric of the first tables of generative adversarial nets (Goodfellow et al. 2014, arXiv:1406.2661,
 * section 5): in nats per point [count], a Gaussian around each sample with the bandwidth of the highest mean over `validation` points.
 * `edge`: the smallest or the largest candidate is best. In high dimension it is far from the true log-likelihood for any number of
 * samples and ranks models wrongly: k-means centers score above real images (Theis et al. 2016, arXiv:1511.01844, section 3.2). Throws
 * ConfigError for values that are not finite or all equal.
 */
export function parzenWindow(
  samples: Features,
  points: Features,
  { dim, validation }: { readonly dim: number; readonly validation: Features },
): {
  readonly logLikelihoods: Float64Array;
  readonly bandwidth: number;
  readonly edge?: "smallest" | "largest";
} {
  const scale = rootMeanVariance(validation, dim);
  const bestOf = (bandwidths: readonly number[]): number => {
    const sums = parzenLogLikelihoods(samples, validation, { dim, bandwidths }).map((each) =>
      each.reduce((sum, v) => sum + v, 0),
    );
    return sums.indexOf(Math.max(...sums));
  };
  const best = bestOf(candidates.map((k) => k * scale));
  const near = finer.map((k) => k * candidates[best]! * scale);
  const bandwidth = near[bestOf(near)]!;
  const [logLikelihoods] = parzenLogLikelihoods(samples, points, { dim, bandwidths: [bandwidth] });
  const found = { logLikelihoods: logLikelihoods!, bandwidth };
  if (best === 0) return { ...found, edge: "smallest" };
  return best === candidates.length - 1 ? { ...found, edge: "largest" } : found;
}

/** Square root of the mean variance over dimensions. */
function rootMeanVariance(points: Features, dim: number): number {
  const count = points.length / dim;
  let total = 0;
  for (let k = 0; k < dim; k++) {
    let [sum, squares] = [0, 0];
    for (let i = k; i < points.length; i += dim) sum += points[i]!;
    for (let i = k; i < points.length; i += dim) squares += (points[i]! - sum / count) ** 2;
    total += squares / count;
  }
  return Math.sqrt(total / dim);
}
