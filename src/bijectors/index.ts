/**
 * Invertible maps with the logarithm of their volume, of which normalizing flows are chains.
 *
 * @module latentkit/bijectors
 */
export { ActNorm } from "./act-norm.ts";
export { AdditiveCoupling } from "./couplings/additive-coupling.ts";
export { Affine } from "./affine.ts";
export { AffineCoupling } from "./couplings/affine-coupling.ts";
export { Autoregressive, type AutoregressiveOptions } from "./autoregressive.ts";
export type { Bijector, BijectorNetwork, Mapped } from "./bijector.ts";
export { Chain } from "./chain.ts";
export { Coupling } from "./couplings/coupling.ts";
export {
  ImageNetwork,
  type ImageNetworkOptions,
  VectorNetwork,
  type VectorNetworkOptions,
} from "./couplings/coupling-networks.ts";
export { Dequantize, type LevelNoise, uniformNoise, VariationalNoise } from "./images/dequantize.ts";
export { DiagonalScale } from "./diagonal-scale.ts";
export { alternating, checkerboard, type Division, entries, halves, masked } from "./couplings/division.ts";
export { affine, type Elementwise } from "./elementwise.ts";
export { Flatten } from "./images/flatten.ts";
export { Inverse } from "./inverse.ts";
export { InvertibleLinear } from "./invertible-linear.ts";
export { Logit } from "./images/logit.ts";
export { Permutation } from "./permutation.ts";
export { Planar } from "./planar.ts";
export { Radial } from "./radial.ts";
export { rationalQuadratic, type RationalQuadraticOptions } from "./rational-quadratic.ts";
export { SplitChannels } from "./images/split-channels.ts";
export { Squeeze } from "./images/squeeze.ts";
export { Transformed, type TransformedParts } from "./transformed.ts";
