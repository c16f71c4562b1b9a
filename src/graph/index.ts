/**
 * Symbolic tensors: leaves, reverse mode, evaluation without a compiler, and the interface of operations.
 *
 * @module latentkit/graph
 */
export * from "./evaluate.ts";
export * from "./fuse.ts";
export * from "./grad.ts";
export type { Each, ErasedOp, LoweringTarget, OnnxAttribute, OnnxEmitter, Op } from "./op.ts";
export * from "./print.ts";
export * from "./shape.ts";
export * from "./tensor.ts";
export * from "./traverse.ts";
export * from "./value.ts";
