/**
 * Bijectors: the invertible maps that normalizing flows are lists of.
 *
 * @module latentkit/bijectors
 */
export { ActNorm } from "./act-norm.ts";
export { AdditiveCoupling } from "./additive-coupling.ts";
export { Affine } from "./affine.ts";
export { AffineCoupling } from "./affine-coupling.ts";
export type { Bijector, BijectorNetwork, Mapped } from "./bijector.ts";
export { Chain } from "./chain.ts";
export { ImageNetwork, type ImageNetworkOptions, VectorNetwork } from "./coupling-networks.ts";
export { Dequantize, type LevelNoise, uniformNoise, VariationalNoise } from "./dequantize.ts";
export { DiagonalScale } from "./diagonal-scale.ts";
export { alternating, checkerboard, type Division, entries, halves, masked } from "./division.ts";
export { Flatten } from "./flatten.ts";
export { Inverse } from "./inverse.ts";
export { InvertibleLinear } from "./invertible-linear.ts";
export { Logit } from "./logit.ts";
export { Split } from "./split.ts";
export { Squeeze } from "./squeeze.ts";
