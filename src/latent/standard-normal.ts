import { GaussianMixture } from "./gaussian-mixture.ts";

/**
 * N(0, I) of dimension `dim`.
 *
 * @example
 * standardNormal(2).logProb(Float32Array.of(0, 0))[0]!.toFixed(3); // "-1.838"
 */
export const standardNormal = (dim: number): GaussianMixture =>
  new GaussianMixture({
    covariance: "diagonal",
    weights: Float64Array.of(1),
    means: new Float64Array(dim),
    factors: new Float64Array(dim).fill(1),
  });
