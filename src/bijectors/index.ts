/**
 * Invertible maps with the logarithm of their volume, of which normalizing flows are chains.
 *
 * @module latentkit/bijectors
 */
export { ActNorm } from "./act-norm.ts";
export { AdditiveCoupling } from "./additive-coupling.ts";
export { Affine } from "./affine.ts";
export { AffineCoupling } from "./affine-coupling.ts";
export { Autoregressive, type AutoregressiveOptions } from "./autoregressive.ts";
export type { Bijector, BijectorNetwork, Mapped } from "./bijector.ts";
export { Chain } from "./chain.ts";
export { Coupling } from "./coupling.ts";
export {
  ImageNetwork,
  type ImageNetworkOptions,
  VectorNetwork,
  type VectorNetworkOptions,
} from "./coupling-networks.ts";
export { Dequantize, type LevelNoise, uniformNoise, VariationalNoise } from "./dequantize.ts";
export { DiagonalScale } from "./diagonal-scale.ts";
export { alternating, checkerboard, type Division, entries, halves, masked } from "./division.ts";
export { affine, type Elementwise } from "./elementwise.ts";
export { Flatten } from "./flatten.ts";
export { Inverse } from "./inverse.ts";
export { InvertibleLinear } from "./invertible-linear.ts";
export { Logit } from "./logit.ts";
export { Permutation } from "./permutation.ts";
export { Planar } from "./planar.ts";
export { Radial } from "./radial.ts";
export { rationalQuadratic, type RationalQuadraticOptions } from "./rational-quadratic.ts";
export { Split } from "./split.ts";
export { Squeeze } from "./squeeze.ts";
export { Transformed, type TransformedParts } from "./transformed.ts";
