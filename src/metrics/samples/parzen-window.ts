import { countFeatures, type Features } from "./features.ts";
import { LogMeanExp } from "../importance-bounds.ts";
import { squaredDistances } from "./squared-distances.ts";

/**
 * log of the mean of N(x; s, bandwidth^2 I) over samples s, in nats, for each point x and each bandwidth: [bandwidths][points]. Throws
 * ConfigError for a value that is not finite.
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

/** Bandwidths tried, in the root mean variance of the points' values: each sqrt(2) times the one before. */
const tried = Array.from({ length: 15 }, (_, k) => 2 ** (-6 + k / 2));

/**
 * The Parzen window's log-likelihood of points under a density of samples, the figure that generative adversarial nets were first
 * compared by (Goodfellow et al. 2014, arXiv:1406.2661, section 5): a Gaussian around each sample, its bandwidth that of the highest
 * mean over `validation` points. In nats. In many dimensions it is far from the true log-likelihood whatever the number of samples, and
 * ranks models wrongly: the centers of k-means score above real images (Theis et al. 2016, arXiv:1511.01844, section 3.2).
 */
export function parzenWindow(
  samples: Features,
  points: Features,
  { dim, validation }: { readonly dim: number; readonly validation: Features },
): { readonly logLikelihoods: Float64Array; readonly bandwidth: number; readonly atEdge: boolean } {
  const scale = spread(validation, dim);
  const bandwidths = tried.map((k) => k * scale);
  const means = parzenLogLikelihoods(samples, validation, { dim, bandwidths }).map(
    (each) => each.reduce((sum, v) => sum + v, 0) / each.length,
  );
  const best = means.indexOf(Math.max(...means));
  const bandwidth = bandwidths[best]!;
  const [logLikelihoods] = parzenLogLikelihoods(samples, points, { dim, bandwidths: [bandwidth] });
  return { logLikelihoods: logLikelihoods!, bandwidth, atEdge: best === 0 || best === tried.length - 1 };
}

/** Root of the mean over dimensions of the variance. */
function spread(points: Features, dim: number): number {
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
