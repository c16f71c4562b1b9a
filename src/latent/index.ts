/**
 * Tools for latent spaces: densities of codes, interpolation, arithmetic, traversals and walks.
 *
 * @module latentkit/latent
 */
export { analogy, classMeans } from "./code-arithmetic.ts";
export { type DensityForm, fitDensity, parseDensity } from "./density.ts";
export { fitMixture, type MixtureFit, type MixtureOptions } from "./fit-mixture.ts";
export { type CovarianceForm, GaussianMixture, type MixtureParameters } from "./gaussian-mixture.ts";
export { linear, pathBetween, spherical } from "./interpolation.ts";
export { normalPercentiles, percentileGrid } from "./percentiles.ts";
export { standardNormal } from "./standard-normal.ts";
export { codeQuantile, traversal } from "./traversal.ts";
export { closedWalk, walkBetween } from "./walk.ts";
