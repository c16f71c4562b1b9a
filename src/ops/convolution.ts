import { ShapeError } from "../errors.ts";
import type { OnnxEmitter } from "../graph/op.ts";
import { formatType, isFloat, type Shape, type TensorType, sizeOf } from "../graph/shape.ts";
import { defineOp, type Tensor } from "../graph/tensor.ts";
import { type Value, zeros } from "../graph/value.ts";
import { factored, mul } from "./arithmetic.ts";
import { refuseFloat64 } from "./families.ts";
import {
  after,
  before,
  covered,
  eachTerm,
  emitConv,
  onnxWindow,
  type Padding,
  paddingOf,
  type PerAxis,
  perAxis,
  positions,
  spatial,
  type Window,
} from "./window.ts";

// The three ops are the partial derivatives of one trilinear form
//   F(x, w, y) = sum over n, group, o, c, position, tap of y[n, o, position] * w[o, c, tap] * x[n, c, position * stride + tap * dilation - padding]
// in y (conv), in x (convTranspose) and in w (convWeightGradient), so each one's gradient consists of the other two.

type ConvAttrs = Window & Readonly<Record<string, unknown>>;
type TransposeAttrs = ConvAttrs & { readonly outputPadding: readonly number[] };
type WeightAttrs = ConvAttrs & { readonly kernel: readonly number[] };

export interface ConvOptions {
  readonly stride?: PerAxis;
  /** Zeros on both sides of each axis, or unequal ones before and after. */
  readonly padding?: Padding;
  readonly dilation?: PerAxis;
  /** Number of independent groups of channels. */
  readonly groups?: number;
}

function windowOf(
  where: string,
  x: Tensor,
  { stride = 1, padding = 0, dilation = 1, groups = 1 }: ConvOptions,
): Window {
  const axes = x.rank - 2;
  return {
    stride: perAxis(where, "stride", stride, axes, 1),
    padding: paddingOf(where, padding, axes),
    dilation: perAxis(where, "dilation", dilation, axes, 1),
    groups,
  };
}

/** Options common to all three ops. */
const windowIn = ({ stride, padding, dilation, groups }: Window): ConvAttrs => ({ stride, padding, dilation, groups });

/** Validates the tensors of the form against each other: x [n, c, ...], w [o, c / groups, ...], y [n, o, ...]. */
function checkChannels(where: string, types: readonly TensorType[], expected: string, ok: boolean): void {
  const [first] = types;
  if (!ok || types.some((t) => t.dtype !== first!.dtype || t.shape.length !== first!.shape.length || !isFloat(t.dtype)))
    throw new ShapeError(`${where}: got ${types.map(formatType).join(" and ")}, expected ${expected}`);
}
const divides = (groups: number, ...channels: readonly number[]): boolean =>
  Number.isInteger(groups) && groups >= 1 && channels.every((c) => c % groups === 0);

/** Scalar factors move outwards, where the optimizer's pass or a product absorbs them. */
function moveScalars(x: Tensor, y: Tensor, op: (x: Tensor, y: Tensor) => Tensor): Tensor | null {
  const [a, c] = factored(x);
  const [b, d] = factored(y);
  return a === x && b === y ? null : mul(op(a, b), c * d);
}

const convOp: (x: readonly [Tensor, Tensor], attrs: ConvAttrs) => Tensor = defineOp<
  readonly [Tensor, Tensor],
  ConvAttrs
>({
  name: "Conv",
  infer: ([x, w], attrs) => {
    checkChannels(
      "conv",
      [x, w],
      `[n, c, ...size] and [o, c / groups, ...kernel] with c and o divisible by groups = ${attrs.groups}`,
      x.shape.length >= 3 &&
        divides(attrs.groups, x.shape[1]!, w.shape[0]!) &&
        x.shape[1] === w.shape[1]! * attrs.groups,
    );
    const size = positions(spatial(x.shape), spatial(w.shape), attrs);
    if (size.some((n) => n < 1))
      throw new ShapeError(
        `conv: the window does not fit, got ${formatType(x)} and a kernel of [${spatial(w.shape)}], expected at least one position along each axis`,
      );
    return { dtype: x.dtype, shape: [x.shape[0]!, w.shape[0]!, ...size] };
  },
  vjp: ({ x: [x, w], ct, attrs }) => [
    transposeTo(ct, w, spatial(x.shape), attrs),
    convWeightGradientOp([x, ct], { ...attrs, kernel: spatial(w.shape) }),
  ],
  work: ([, w], { shape }) => (sizeOf(shape) * sizeOf(w.shape)) / w.shape[0]!,
  lower: (onnx, [x, w], { attrs, types: [image, filter], type }) => {
    refuseFloat64("conv", type);
    return emitConv(onnx, [x, w], [image.shape, filter.shape], onnxWindow(attrs));
  },
  evaluate: ([x, w], attrs, type) => {
    const y = zeros(type.dtype, type.shape);
    eachTerm(x.shape, w.shape, y.shape, attrs, (i, j, k) => (y.data[k]! += x.data[i]! * w.data[j]!));
    return y;
  },
  identity: ([x, w], attrs) => moveScalars(x, w, (a, b) => convOp([a, b], attrs)),
});

/**
 * Convolution (cross-correlation) of x [n, c, ...size] with w [o, c / groups, ...kernel] -> [n, o, ...], over one or more
 * spatial axes, with zero padding.
 */
export const conv = (x: Tensor, w: Tensor, options: ConvOptions = {}): Tensor =>
  convOp([x, w], { ...windowOf("conv", x, options) });

const convTransposeOp: (x: readonly [Tensor, Tensor], attrs: TransposeAttrs) => Tensor = defineOp<
  readonly [Tensor, Tensor],
  TransposeAttrs
>({
  name: "ConvTranspose",
  infer: ([x, w], attrs) => {
    checkChannels(
      "convTranspose",
      [x, w],
      `[n, c, ...size] and [c, o / groups, ...kernel] with c divisible by groups = ${attrs.groups}`,
      x.shape.length >= 3 && divides(attrs.groups, x.shape[1]!) && x.shape[1] === w.shape[0],
    );
    if (attrs.outputPadding.some((p, i) => p >= attrs.stride[i]!))
      throw new ShapeError(
        `convTranspose: got outputPadding [${attrs.outputPadding}], expected less than the stride [${attrs.stride}]`,
      );
    const size = covered(spatial(x.shape), spatial(w.shape), attrs).map((s, i) => s + attrs.outputPadding[i]!);
    if (size.some((n) => n < 1))
      throw new ShapeError(`convTranspose: got padding [${attrs.padding}], expected less, the result is [${size}]`);
    return { dtype: x.dtype, shape: [x.shape[0]!, w.shape[1]! * attrs.groups, ...size] };
  },
  vjp: ({ x: [x, w], ct, attrs }) => [
    convOp([ct, w], windowIn(attrs)),
    convWeightGradientOp([ct, x], { ...windowIn(attrs), kernel: spatial(w.shape) }),
  ],
  work: ([x, w]) => (sizeOf(x.shape) * sizeOf(w.shape)) / w.shape[0]!,
  lower: (onnx, x, { attrs, type }) => {
    refuseFloat64("convTranspose", type);
    return onnx.node("ConvTranspose", x, { ...onnxWindow(attrs), output_padding: attrs.outputPadding });
  },
  evaluate: ([y, w], attrs, type) => {
    const x = zeros(type.dtype, type.shape);
    eachTerm(x.shape, w.shape, y.shape, attrs, (i, j, k) => (x.data[i]! += y.data[k]! * w.data[j]!));
    return x;
  },
  identity: ([x, w], attrs) => moveScalars(x, w, (a, b) => convTransposeOp([a, b], attrs)),
});

/**
 * The adjoint of conv in its input: x [n, c, ...size] and w [c, o / groups, ...kernel] -> [n, o, ...]. Along each axis the
 * result has (size - 1) stride - padding on both sides + dilation (kernel - 1) + outputPadding + 1 elements.
 */
export function convTranspose(
  x: Tensor,
  w: Tensor,
  { outputPadding = 0, ...options }: ConvOptions & { readonly outputPadding?: PerAxis } = {},
): Tensor {
  return convTransposeOp([x, w], {
    ...windowOf("convTranspose", x, options),
    outputPadding: perAxis("convTranspose", "outputPadding", outputPadding, x.rank - 2, 0),
  });
}

/** The adjoint of a convolution with a given input size. */
function transposeTo(ct: Tensor, w: Tensor, size: Shape, attrs: Window): Tensor {
  const window = windowIn(attrs);
  const reached = covered(spatial(ct.shape), spatial(w.shape), window);
  return convTransposeOp([ct, w], { ...window, outputPadding: size.map((s, i) => s - reached[i]!) });
}

const convWeightGradientOp: (x: readonly [Tensor, Tensor], attrs: WeightAttrs) => Tensor = defineOp<
  readonly [Tensor, Tensor],
  WeightAttrs
>({
  name: "ConvWeightGradient",
  infer: ([x, ct], attrs) => {
    const [n, c] = x.shape;
    checkChannels(
      "convWeightGradient",
      [x, ct],
      `[n, c, ...size] and [n, o, ...positions of the kernel [${attrs.kernel}]], c and o divisible by groups = ${attrs.groups}`,
      x.shape.length >= 3 &&
        n === ct.shape[0] &&
        divides(attrs.groups, c!, ct.shape[1]!) &&
        `${positions(spatial(x.shape), attrs.kernel, attrs)}` === `${spatial(ct.shape)}`,
    );
    return { dtype: x.dtype, shape: [ct.shape[1]!, c! / attrs.groups, ...attrs.kernel] };
  },
  vjp: ({ x: [x, y], ct, attrs }) => [transposeTo(y, ct, spatial(x.shape), attrs), convOp([x, ct], windowIn(attrs))],
  work: ([, ct], { shape }) => (sizeOf(ct.shape) * sizeOf(shape)) / shape[0]!,
  lower: (onnx, x, { attrs, types, type }) => {
    refuseFloat64("convWeightGradient", type);
    return lowerWeightGradient(onnx, x, types, type.shape, attrs);
  },
  evaluate: ([x, y], attrs, type) => {
    const w: Value = zeros(type.dtype, type.shape);
    eachTerm(x.shape, w.shape, y.shape, attrs, (i, j, k) => (w.data[j]! += x.data[i]! * y.data[k]!));
    return w;
  },
  identity: ([x, y], attrs) => moveScalars(x, y, (a, b) => convWeightGradientOp([a, b], attrs)),
});

/** The derivative of sum(ct * conv(x, w)) in w, given x [n, c, ...size], ct [n, o, ...] and the kernel size. */
export function convWeightGradient(
  x: Tensor,
  ct: Tensor,
  { kernel, ...options }: ConvOptions & { readonly kernel: PerAxis },
): Tensor {
  return convWeightGradientOp([x, ct], {
    ...windowOf("convWeightGradient", x, options),
    kernel: perAxis("convWeightGradient", "kernel", kernel, x.rank - 2, 1),
  });
}

/**
 * The weight gradient as a convolution of x with ct, in which the batch takes the place of the channels, stride and dilation are exchanged, and
 * positions past the end of the kernel are cut off.
 */
function lowerWeightGradient(
  onnx: OnnxEmitter,
  [x, ct]: readonly [string, string],
  [{ shape: xShape }, { shape: ctShape }]: readonly [TensorType, TensorType],
  w: Shape,
  { stride, padding, dilation, groups, kernel }: WeightAttrs,
): string {
  const [n, c] = xShape as [number, number];
  const o = ctShape[1]!;
  const [size, out] = [spatial(xShape), spatial(ctShape)];
  const spatialAxes = size.map((_, i) => 3 + i);
  const move = (t: string, shape: Shape, order: readonly number[], to: Shape): string =>
    onnx.node("Reshape", [
      onnx.node("Transpose", [onnx.node("Reshape", [t, onnx.ints(shape)])], { perm: order }),
      onnx.ints(to),
    ]);
  // The remaining input channels become the batch, or one more, innermost spatial axis: then the copies of ONNX Runtime's CPU convolution are runs
  // of c / groups numbers, and one product covers all of them.
  const innermost = (onnx.target.kind === "cpu" || onnx.target.kind === "wasm") && c > groups;
  const last = innermost ? [c / groups] : [];
  const grouped = [n, groups, c / groups, ...size];
  const turned = innermost
    ? move(x, grouped, [1, 0, ...spatialAxes, 2], [1, groups * n, ...size, ...last])
    : move(x, grouped, [2, 1, 0, ...spatialAxes], [c / groups, groups * n, ...size]);
  const filter = move(
    ct,
    [n, groups, o / groups, ...out],
    [1, 2, 0, ...spatialAxes],
    [o, n, ...out, ...last.map(() => 1)],
  );
  const none = last.map(() => 0);
  const shapes = [
    [...grouped.slice(0, 2), ...size, ...last],
    [o, n, ...out, ...last.map(() => 1)],
  ] as const;
  const y = emitConv(onnx, [turned, filter], shapes, {
    strides: [...dilation, ...last.map(() => 1)],
    pads: [...before(padding), ...none, ...after(padding), ...none],
    dilations: [...stride, ...last.map(() => 1)],
    group: groups,
  });
  const reached = positions(size, out, { stride: dilation, padding, dilation: stride });
  const axes = kernel.flatMap((k, i) => (reached[i]! > k ? [i] : []));
  const cut =
    axes.length === 0
      ? y
      : onnx.node("Slice", [
          y,
          onnx.ints(axes.map(() => 0)),
          onnx.ints(axes.map((i) => kernel[i]!)),
          onnx.ints(axes.map((i) => i + 2)),
        ]);
  return innermost
    ? move(cut, [o, ...kernel, c / groups], [0, kernel.length + 1, ...kernel.map((_, i) => i + 1)], w)
    : onnx.node("Transpose", [cut], { perm: [1, 0, ...kernel.map((_, i) => i + 2)] });
}
