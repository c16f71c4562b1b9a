import type { DType, Shape, TensorType } from "./shape.ts";
import type { Tensor } from "./tensor.ts";
import type { Value } from "./value.ts";

/** Maps a tuple of tensors to a tuple of T of the same length, so a rule of the wrong arity does not compile. */
export type Each<In, T> = { readonly [K in keyof In]: T };

/** Value of an ONNX attribute: an integer, integers, a string, or an explicit float. */
export type OnnxAttribute = number | readonly number[] | string | { readonly float: number };

/** Properties of the target device by which a lowering chooses between equivalent node sequences. */
export interface LoweringTarget {
  readonly kind: "cpu" | "wasm" | "webgpu" | "cuda";
  /** Whether models get an extra first output that cannot be converted to JavaScript: see runtime/node.ts. */
  readonly unreturnable?: true;
  /** Puts convolutions into the layout of the target's direct kernels, where it has them. */
  readonly blocks?: (roots: readonly Tensor[]) => readonly Tensor[];
  /** Rewrites that are left out, to measure them. */
  readonly without?: readonly Rewrite[];
}

/**
 * What makes a program faster or smaller and can be left out: layouts of matrices and of convolutions, fused nodes, and memory by the size of a
 * graph (without: one block for all tensors of a run, as ONNX Runtime does by itself).
 */
export const rewrites = ["batch-last", "blocks", "fusion", "memory"] as const;
export type Rewrite = (typeof rewrites)[number];

/** Writes ONNX nodes; implemented in onnx/, so that ops do not depend on protobuf. */
export interface OnnxEmitter {
  readonly target: LoweringTarget;
  /** Adds a node with one output and returns that output's name. `opType` is of the default ONNX domain, or "domain:type". */
  node(opType: string, inputs: readonly string[], attrs?: Readonly<Record<string, OnnxAttribute>>): string;
  /** The same for several outputs. Equal calls return the same nodes, so that two ops can share one. */
  nodes(
    opType: string,
    inputs: readonly string[],
    outputs: number,
    attrs?: Readonly<Record<string, OnnxAttribute>>,
  ): readonly string[];
  /** A 1-D int64 initializer. */
  ints(values: readonly number[]): string;
  /** A 0-D initializer. */
  scalar(dtype: DType, value: number): string;
  constant(value: Value): string;
}

/** The name of a float32x4 instruction (module.ts) that computes this op elementwise; the WASM lowering. */
export type SimdInstruction =
  | "f32x4.add"
  | "f32x4.sub"
  | "f32x4.mul"
  | "f32x4.div"
  | "f32x4.min"
  | "f32x4.max"
  | "f32x4.neg"
  | "f32x4.abs"
  | "f32x4.sqrt"
  | "f32x4.eq"
  | "f32x4.lt"
  | "f32x4.gt"
  | "f32x4.le"
  | "f32x4.ge"
  | "v128.and"
  | "v128.or"
  | "v128.not"
  | "v128.bitselect";

/** An operation, with everything that the rest of the system needs to know about it. */
export interface Op<In extends readonly Tensor[] = readonly Tensor[], Attrs = unknown> {
  readonly name: string;
  /** Type of the output; throws ShapeError, while the model is built. */
  infer(x: Each<In, TensorType>, attrs: Attrs): TensorType;
  /**
   * Cotangents of the inputs, as graph nodes. A rule may return a cotangent of the broadcast shape, which grad() reduces. The whole rule is null
   * for an op without a useful derivative; a single null is for an index, boolean or mask input.
   */
  readonly vjp:
    | ((at: {
        readonly x: In;
        readonly y: Tensor;
        readonly ct: Tensor;
        readonly attrs: Attrs;
      }) => Each<In, Tensor | null>)
    | null;
  lower(
    onnx: OnnxEmitter,
    x: Each<In, string>,
    at: { readonly attrs: Attrs; readonly types: Each<In, TensorType>; readonly type: TensorType },
  ): string;
  /** Plain float64 loops: the reference in tests, also used for constant folding. */
  evaluate(x: Each<In, Value>, attrs: Attrs, type: TensorType): Value;
  /** An equal, cheaper tensor, tried when the node is built (x * 1 -> x); null to keep the node. */
  readonly identity?: (x: In, attrs: Attrs) => Tensor | null;
  /** An equal tensor that runs faster, tried when a program is compiled; `uses` counts the readers of each node. */
  readonly fuse?: (x: In, attrs: Attrs, uses: (t: Tensor) => number) => Tensor | null;
  readonly simd?: SimdInstruction;
  /** Multiply-add pairs, for ops with many of them per output element. */
  readonly work?: (x: Each<In, TensorType>, type: TensorType) => number;
  /** Whether each output element depends only on the input elements at its position (with broadcasting), so that axes may move past it. */
  readonly elementwise?: true;
  /** False for an op whose constant result is not folded (a repeated number). */
  readonly folds?: false;
}

/** An op with its arity and attribute type erased, as graph nodes hold it. */
export interface ErasedOp {
  readonly name: string;
  infer(x: readonly TensorType[], attrs: unknown): TensorType;
  readonly vjp:
    | ((at: { x: readonly Tensor[]; y: Tensor; ct: Tensor; attrs: unknown }) => readonly (Tensor | null)[])
    | null;
  lower(
    onnx: OnnxEmitter,
    x: readonly string[],
    at: { attrs: unknown; types: readonly TensorType[]; type: TensorType },
  ): string;
  evaluate(x: readonly Value[], attrs: unknown, type: TensorType): Value;
  readonly identity?: (x: readonly Tensor[], attrs: unknown) => Tensor | null;
  readonly fuse?: (x: readonly Tensor[], attrs: unknown, uses: (t: Tensor) => number) => Tensor | null;
  readonly simd?: SimdInstruction;
  readonly work?: (x: readonly TensorType[], type: TensorType) => number;
  readonly elementwise?: true;
  readonly folds?: false;
}

export type Attributes = Readonly<Record<string, unknown>>;
export type { DType, Shape, TensorType };
