/**
 * Invertible maps with the logarithm of their volume, of which normalizing flows are chains.
 *
 * @module latentkit/bijectors
 */
export { AffineCoupling } from "./affine-coupling.ts";
export { Autoregressive, type AutoregressiveOptions } from "./autoregressive.ts";
export type { Bijector, BijectorNetwork, Mapped } from "./bijector.ts";
export { Chain } from "./chain.ts";
export { Coupling } from "./coupling.ts";
export { affine, type Elementwise } from "./elementwise.ts";
export { Inverse } from "./inverse.ts";
export { Permutation } from "./permutation.ts";
export { Planar } from "./planar.ts";
export { Radial } from "./radial.ts";
export { rationalQuadratic, type RationalQuadraticOptions } from "./rational-quadratic.ts";
export { Transformed, type TransformedParts } from "./transformed.ts";
