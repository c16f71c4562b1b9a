import { type Shape, sizeOf } from "../graph/shape.ts";
import type { Initializer } from "../graph/tensor.ts";

/** How many inputs one output of a layer sums (in), and how many outputs one input reaches (out). */
export interface Fans {
  readonly in: number;
  readonly out: number;
}

/** The initialization of a weight, given the fans of its layer. */
export type Initialize = (fans: Fans) => Initializer;

const constantOf = (value: number): Initializer => ({ kind: "constant", value });
const normalOf = (std: number): Initializer => ({ kind: "normal", mean: 0, std });
const uniformOf = (bound: number): Initializer => ({ kind: "uniform", low: -bound, high: bound });

/** All 0. */
export const zeros: Initialize = () => constantOf(0);
/** All 1. */
export const ones: Initialize = () => constantOf(1);
/** N(0, std^2), whatever the fans. */
export const normal =
  (std: number): Initialize =>
  () =>
    normalOf(std);

/** Variance 2 / (fan in + fan out), uniform (Glorot & Bengio, AISTATS 2010, eq. 16). */
export const glorotUniform: Initialize = (fans) => uniformOf(Math.sqrt(6 / (fans.in + fans.out)));
/** Variance 2 / (fan in + fan out), normal (Glorot & Bengio, AISTATS 2010, eq. 12). */
export const glorotNormal: Initialize = (fans) => normalOf(Math.sqrt(2 / (fans.in + fans.out)));
/** Variance 2 / fan in, uniform: keeps the scale of activations through rectifiers (He et al., arXiv:1502.01852). */
export const heUniform: Initialize = (fans) => uniformOf(Math.sqrt(6 / fans.in));
/** Variance 2 / fan in, normal: keeps the scale of activations through rectifiers (He et al., arXiv:1502.01852, eq. 10). */
export const heNormal: Initialize = (fans) => normalOf(Math.sqrt(2 / fans.in));
/** Variance 1 / fan in, normal (LeCun et al., "Efficient BackProp", 1998, eq. 16). */
export const lecunNormal: Initialize = (fans) => normalOf(Math.sqrt(1 / fans.in));
/** Uniform within +-1/sqrt(fan in), variance 1 / (3 fan in): what PyTorch's linear and convolution layers start from. */
export const torchUniform: Initialize = (fans) => uniformOf(1 / Math.sqrt(fans.in));
/** A random matrix with orthogonal rows or columns, times gain; all axes but the first are flattened (Saxe et al., arXiv:1312.6120). */
export const orthogonal =
  (gain = 1): Initialize =>
  () => ({ kind: "orthogonal", gain });

/** Fans of a linear layer's weight [out, in]. */
export const linearFans = (inDim: number, outDim: number): Fans => ({ in: inDim, out: outDim });

/** Fans of a convolution's weight [out, in / groups, ...kernel]. */
export function convFans(weight: Shape, groups = 1): Fans {
  const taps = sizeOf(weight.slice(2));
  return { in: weight[1]! * taps, out: (weight[0]! / groups) * taps };
}

/**
 * Fans of a transposed convolution's weight [in, out / groups, ...kernel]. An output sums only the taps that its place between
 * the strides leaves it: kernel / stride of them along each axis.
 */
export function convTransposeFans(weight: Shape, stride: readonly number[], groups = 1): Fans {
  const taps = sizeOf(weight.slice(2));
  return { in: ((weight[0]! / groups) * taps) / sizeOf(stride), out: weight[1]! * taps };
}
