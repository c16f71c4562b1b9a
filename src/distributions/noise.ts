import type { DType, Shape } from "../graph/shape.ts";
import { noise, type Tensor } from "../graph/tensor.ts";
import { cast, log, maximum } from "../ops/index.ts";

/** Standard normal noise. */
export const normalNoise = (shape: Shape, dtype: DType): Tensor => cast(noise.normal(shape), dtype);

/** Uniform noise on [0, 1). */
export const uniformNoise = (shape: Shape, dtype: DType): Tensor => cast(noise.uniform(shape), dtype);

/**
 * Uniform noise on the open interval (0, 1), so that log(u) and log(1 - u) are finite. Uniform noise is a multiple of 2^-24 below 1; its zero
 * becomes 2^-25 (adding 2^-25 to all values would round 1 - 2^-24 up to 1 in float32).
 */
export const openUniformNoise = (shape: Shape, dtype: DType): Tensor => maximum(uniformNoise(shape, dtype), 2 ** -25);

/** Standard Gumbel noise, -log(-log u). */
export const gumbelNoise = (shape: Shape, dtype: DType): Tensor => log(log(openUniformNoise(shape, dtype)).neg()).neg();

/** Standard logistic noise, log u - log(1 - u). */
export function logisticNoise(shape: Shape, dtype: DType): Tensor {
  const u = openUniformNoise(shape, dtype);
  return log(u).sub(log(u.neg().add(1)));
}
