import { GaussianMixture } from "./gaussian-mixture.ts";

/** N(0, I) of dimension `dim`. */
export const standardNormal = (dim: number): GaussianMixture =>
  new GaussianMixture({
    covariance: "diagonal",
    weights: Float64Array.of(1),
    means: new Float64Array(dim),
    factors: new Float64Array(dim).fill(1),
  });
