/**
 * Operations on tensors: arithmetic, elementwise functions, reductions, movement, indexing, convolution.
 *
 * @module latentkit/ops
 */
export {
  abs,
  add,
  clamp,
  div,
  log,
  maximum,
  minimum,
  mul,
  neg,
  pow,
  reciprocal,
  sqrt,
  square,
  sub,
} from "./arithmetic.ts";
export * from "./comparison.ts";
export * from "./convolution.ts";
export * from "./elementwise.ts";
export * from "./indexing.ts";
export { matmul, tril, triu } from "./linalg.ts";
export { broadcastTo, concat, flatten, flip, pad, reshape, slice, split, stack, tile, transpose } from "./movement.ts";
export * from "./pooling.ts";
export {
  argmax,
  argmin,
  cumsum,
  logMeanExp,
  logSoftmax,
  logSumExp,
  max,
  mean,
  min,
  prod,
  softmax,
  sum,
  variance,
} from "./reduction.ts";
export * from "./resize.ts";
export * from "./sorting.ts";
export type { Padding, PerAxis } from "./window.ts";
