/**
 * Operations on tensors: arithmetic, elementwise functions, reductions, movement, indexing, convolution.
 *
 * @module latentkit/ops
 */
export * from "./arithmetic.ts";
export * from "./comparison.ts";
export * from "./convolution.ts";
export * from "./elementwise.ts";
export * from "./indexing.ts";
export * from "./linalg.ts";
export * from "./movement.ts";
export * from "./pooling.ts";
export * from "./reduction.ts";
export * from "./resize.ts";
export * from "./sorting.ts";
export { type PerAxis, perAxis } from "./window.ts";
