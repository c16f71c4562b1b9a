import type { Attributes } from "../graph/op.ts";
import { type Shape, sizeOf, type TensorType } from "../graph/shape.ts";
import { constant, defineOp, type Tensor } from "../graph/tensor.ts";
import { type Value, zeros } from "../graph/value.ts";
import { batchLast, smallestBatch, toFirst, toLast } from "./batch-last-view.ts";
import { refuseFloat64 } from "./families.ts";
import { gemm } from "./linalg.ts";
import { flip, pad, reshape, slice, transpose } from "./movement.ts";
import { after, before, eachTerm, onnxWindow, positions, type Window } from "./window.ts";

// ONNX Runtime's CPU convolution copies runs of the innermost axis into a matrix and multiplies. In [n, c, h, w] a run is a piece of one row,
// cut at the image border and broken up by strides; with the batch last, [c, h, w, n], it is a whole batch. On 2 threads of an AVX-512 machine,
// 64 images: 14x14, 64 -> 64, 3x3: 119 -> 245 GFLOP/s; 28x28, 32 -> 64, 4x4 stride 2: 72 -> 233. In WebAssembly a training step of these
// layers is 1.3 to 1.4 times faster.

export type ConvAttrs = Window & Attributes;
const spatial = (w: Tensor): Shape => w.shape.slice(2);
const plain = ({ stride, padding, dilation, groups }: Window): ConvAttrs => ({ stride, padding, dilation, groups });

/** Convolutions with short runs or few channels per group are left unchanged. */
const pays = (batch: number, perGroup: number, { groups }: Window): boolean =>
  batch >= smallestBatch && (groups === 1 || perGroup >= 8);

const convOp = defineOp<readonly Tensor[], ConvAttrs>({
  name: "ConvBatchLast",
  infer: ([x, w], attrs) => ({
    dtype: x!.dtype,
    shape: [w!.shape[0]!, ...positions(x!.shape.slice(1, -1), w!.shape.slice(2), attrs), x!.shape.at(-1)!],
  }),
  // This op only arises when a program is compiled, after differentiation.
  vjp: null,
  work: ([, w], { shape }) => (sizeOf(shape) * sizeOf(w!.shape)) / w!.shape[0]!,
  lower: (onnx, [x, w, bias], { attrs, types, type }) => {
    refuseFloat64("conv", type);
    // The batch is one more spatial axis, with kernel size 1.
    const wide = onnx.node("Reshape", [x!, onnx.ints([1, ...types[0]!.shape])]);
    const filter = onnx.node("Reshape", [w!, onnx.ints([...types[1]!.shape, 1])]);
    const y = onnx.node(
      "Conv",
      [wide, filter, ...(bias === undefined ? [] : [bias])],
      onnxWindow(withBatchAxis(attrs)),
    );
    return onnx.node("Reshape", [y, onnx.ints(type.shape)]);
  },
  evaluate: ([x, w, bias], attrs, { dtype, shape }) => {
    const y = zeros(dtype, [1, ...shape]);
    const places = sizeOf(shape) / shape[0]!;
    if (bias) y.data.forEach((_, i) => (y.data[i] = bias.data[Math.floor(i / places)]!));
    eachTerm([1, ...x!.shape], [...w!.shape, 1], y.shape, withBatchAxis(attrs), (i, j, k) => {
      y.data[k]! += x!.data[i]! * w!.data[j]!;
    });
    return { ...y, shape };
  },
});
const withBatchAxis = ({ stride, padding, dilation, groups }: Window): Window => ({
  stride: [...stride, 1],
  padding: [...before(padding), 0, ...after(padding), 0],
  dilation: [...dilation, 1],
  groups,
});

/** A convolution, batch-last where that is faster. */
export const convolved = (x: Tensor, w: Tensor, attrs: ConvAttrs): Tensor | null =>
  pays(x.shape[0]!, w.shape[0]! / attrs.groups, attrs) ? toFirst(convOp([toLast(x), w], attrs)) : null;

/** Fuses a per-channel bias into a convolution that nothing else reads, at no cost. */
export function biased(x: Tensor, bias: Tensor, readOnce: (t: Tensor) => boolean): Tensor | null {
  const conv = x.rank >= 3 ? batchLast(x) : null;
  if (conv?.op.name !== "ConvBatchLast" || conv.inputs.length !== 2 || !readOnce(x) || bias.rank > x.rank) return null;
  const perChannel = bias.size === x.shape[1] && bias.shape[bias.rank - x.rank + 1] === bias.size;
  return perChannel ? toFirst(convOp([...conv.inputs, reshape(bias, [-1])], conv.attrs as ConvAttrs)) : null;
}

/**
 * The transposed convolution as an ordinary one. Output u = stride q + r - padding of y takes the taps t = stride m + r, so for each remainder
 * r it is a convolution of x with every stride-th tap: all remainders are channels of one convolution with a kernel of ceil(kernel / stride)
 * taps, interleaved afterwards.
 */
export function convolvedTransposed(x: Tensor, w: Tensor, out: Shape, attrs: ConvAttrs): Tensor | null {
  const { stride, padding, dilation, groups } = attrs;
  const kernel = spatial(w);
  const [c, perGroup] = w.shape as readonly [number, number, ...number[]];
  const taps = kernel.map((k, i) => Math.ceil(k / stride[i]!));
  const size = out.slice(2);
  const start = before(padding);
  const first = start.map((p, i) => p % stride[i]!);
  const margin = taps.map((m, i) => dilation[i]! * (m - 1) - Math.floor(start[i]! / stride[i]!));
  const end = taps.map((m, i) =>
    Math.max(0, Math.ceil((first[i]! + size[i]!) / stride[i]!) - x.shape[i + 2]! - margin[i]! + dilation[i]! * (m - 1)),
  );
  const reached = taps.map((m, i) => stride[i]! * (x.shape[i + 2]! + margin[i]! + end[i]! - dilation[i]! * (m - 1)));
  const fits = margin.every((m, i) => m >= 0 && (stride[i] === 1 || dilation[i] === 1));
  if (!fits || !pays(x.shape[0]!, perGroup, attrs)) return null;

  // w [g c', o', ...(m r)] -> [g o' ...r, c', ...m] with m reversed
  const whole = pad(w, [0, 0, ...kernel.map(() => 0)], [0, 0, ...kernel.map((k, i) => taps[i]! * stride[i]! - k)]);
  const phases = sizeOf(stride);
  // With stride 1 all taps are one axis, which is reversed at once.
  const steps = phases === 1 ? [[sizeOf(taps), 1]] : taps.map((m, i) => [m, stride[i]!]);
  const axes = steps.map((_, i) => 3 + 2 * i);
  const split = reshape(whole, [groups, c / groups, perGroup, ...steps.flat()]);
  const reversed = axes.reduce((t, axis) => (t.shape[axis] === 1 ? t : flip(t, axis)), split);
  const filter = reshape(transpose(reversed, [0, 2, ...axes.map((a) => a + 1), 1, ...axes]), [
    groups * perGroup * phases,
    c / groups,
    ...taps,
  ]);
  const y = convOp([toLast(x), filter], {
    stride: stride.map(() => 1),
    padding: [...margin, ...end],
    dilation,
    groups,
  });

  // [o ...r, ...q, n] -> [o, ...(q r), n], of which the output is a slice
  const [o, n] = [groups * perGroup, x.shape[0]!];
  const apart = reshape(y, [o, ...stride, ...y.shape.slice(1, -1), n]);
  const d = kernel.length;
  const interleaved =
    phases === 1 ? apart : transpose(apart, [0, ...kernel.flatMap((_, i) => [1 + d + i, 1 + i]), 1 + 2 * d]);
  const joined = reshape(interleaved, [o, ...reached, n]);
  return toFirst(size.reduce((t, s, i) => slice(t, i + 1, first[i]!, first[i]! + s), joined));
}

const weightGradientOp = defineOp<readonly [Tensor, Tensor], ConvAttrs & { readonly kernel: Shape }>({
  name: "ConvWeightGradientBatchLast",
  infer: ([x, ct], { kernel, groups }) => ({
    dtype: x.dtype,
    shape: [ct.shape[0]!, x.shape[0]! / groups, ...kernel],
  }),
  vjp: null,
  work: ([, ct], { shape }) => (sizeOf(ct.shape) * sizeOf(shape)) / shape[0]!,
  lower: (onnx, [x, ct], { attrs, types: [{ shape: xShape }, { shape: ctShape }], type }) => {
    refuseFloat64("convWeightGradient", type);
    // The cotangent is the kernel, with its batch as a spatial axis; x has batch and channel, [.., n c], innermost, so that a stride of c moves
    // from one image to the next.
    const { stride, padding, dilation, groups, kernel } = attrs;
    const [size, out, n] = [xShape.slice(1, -1), ctShape.slice(1, -1), xShape.at(-1)!];
    const [o, c] = type.shape as readonly [number, number, ...number[]];
    const area = sizeOf(size);
    const turned =
      groups === 1
        ? onnx.node("Transpose", [onnx.node("Reshape", [x, onnx.ints([c, area * n])])], { perm: [1, 0] })
        : onnx.node("Transpose", [onnx.node("Reshape", [x, onnx.ints([groups, c, area * n])])], { perm: [0, 2, 1] });
    const y = onnx.node(
      "Conv",
      [
        onnx.node("Reshape", [turned, onnx.ints([1, groups, ...size, n * c])]),
        onnx.node("Reshape", [ct, onnx.ints([o, 1, ...out, n])]),
      ],
      {
        strides: [...dilation, 1],
        pads: [...before(padding), 0, ...after(padding), 0],
        dilations: [...stride, c],
        group: groups,
      },
    );
    const reached = positions(size, out, { stride: dilation, padding, dilation: stride });
    const axes = kernel.flatMap((k, i) => (reached[i]! > k ? [i] : []));
    const pick = (f: (i: number) => number): string => onnx.ints(axes.map(f));
    const cut =
      axes.length === 0 ? y : onnx.node("Slice", [y, pick(() => 0), pick((i) => kernel[i]!), pick((i) => i + 2)]);
    const flat = onnx.node("Reshape", [cut, onnx.ints([o, sizeOf(kernel), c])]);
    return onnx.node("Reshape", [onnx.node("Transpose", [flat], { perm: [0, 2, 1] }), onnx.ints(type.shape)]);
  },
  evaluate: ([x, ct], attrs, type) => {
    const w: Value = zeros(type.dtype, type.shape);
    const lifted = (v: TensorType): Shape => [1, ...v.shape];
    eachTerm(lifted(x), [...w.shape, 1], lifted(ct), withBatchAxis(attrs), (i, j, k) => {
      w.data[j]! += x.data[i]! * ct.data[k]!;
    });
    return w;
  },
});

/** The gradient of a convolution in its kernel. */
export function weightGradient(x: Tensor, ct: Tensor, w: Shape, attrs: ConvAttrs): Tensor | null {
  if (!pays(x.shape[0]!, ct.shape[1]! / attrs.groups, attrs)) return null;
  const kernel = w.slice(2);
  const [from, by] = [toLast(x), toLast(ct)];
  const [o, c] = w as readonly [number, number, ...number[]];
  // With few input channels the product above is too narrow: windows are extracted by a convolution with unit kernels, and one matrix product
  // does the rest. 64x1x28x28 -> 32, 4x4 stride 2: 80 GFLOP/s instead of 30.
  if (attrs.groups === 1 && c <= 8) {
    const taps = sizeOf(kernel);
    const pick = Float64Array.from({ length: c * taps * taps }, (_, i) =>
      Number(i % taps === Math.floor(i / taps) % taps),
    );
    const windows = convOp([from, constant(pick, [c * taps, 1, ...kernel], x.dtype)], { ...plain(attrs), groups: c });
    return reshape(gemm(reshape(by, [o, -1]), transpose(reshape(windows, [c * taps, -1]))), w);
  }
  return weightGradientOp([from, by], { ...plain(attrs), kernel });
}
