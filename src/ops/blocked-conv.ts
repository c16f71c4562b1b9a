import type { Attributes } from "../graph/op.ts";
import { type Shape, sizeOf } from "../graph/shape.ts";
import { defineOp, type Tensor } from "../graph/tensor.ts";
import { zeros } from "../graph/value.ts";
import { blocked, blockedValue, blocksOf, plainValue, unblocked } from "./blocked-view.ts";
import { flip, reshape, transpose } from "./movement.ts";
import { after, before, eachTerm, positions, type Window } from "./window.ts";

// ONNX Runtime has direct convolutions of images whose channels come in blocks of a SIMD register, [n, c / block, h, w, block]: no patches are copied.
// Its optimizer uses them where weights are constants; written as nodes, they take weights given at run time. On one thread of an AVX-512 machine,
// 64 images, 3x3, batch-last against blocked: 28x28, 64 -> 64: 72 -> 102 GFLOP/s; 14x14: 85 -> 106; 7x7: 84 -> 92.

export type ConvAttrs = Window & Attributes;
type Padded = { readonly padding: readonly number[] };

/** Fewer pixels gain less than blocks cost where other layers have another layout. */
const fewestPixels = 100;

/** Whether a convolution of x [n, c, h, w] to y [n, o, ..] can be done in blocks. */
const fits = (x: Tensor, y: Tensor, { stride, dilation, groups }: Window, block: number): boolean =>
  x.rank === 4 &&
  x.dtype === "float32" &&
  groups === 1 &&
  [...stride, ...dilation].every((s) => s === 1) &&
  x.shape[1]! % block === 0 &&
  y.shape[1]! % block === 0;

/** Whether that is faster: it is if the convolution is large, or joins others that are in blocks. */
const pays = (x: Tensor, y: Tensor, kernel: Shape): boolean =>
  sizeOf(kernel) > 1 ? sizeOf(y.shape.slice(2)) >= fewestPixels : blocksOf(x) !== null;

const plainWindow = (padding: readonly number[]): Window => ({ stride: [1, 1], padding, dilation: [1, 1], groups: 1 });

/** Weights [o, c, ...kernel] as [o / block, c / block, ...kernel, block of c, block of o]. */
function filterBlocks(w: Tensor, block: number): Tensor {
  const [o, c, kh, kw] = w.shape as readonly [number, number, number, number];
  return transpose(reshape(w, [o / block, block, c / block, block, kh, kw]), [0, 2, 4, 5, 3, 1]);
}

const convOp = defineOp<readonly Tensor[], Padded>({
  name: "ConvBlocked",
  infer: ([x, w], { padding }) => {
    const [n, , h, width, block] = x!.shape as readonly [number, number, number, number, number];
    const size = positions([h, width], w!.shape.slice(2, 4), plainWindow(padding));
    return { dtype: x!.dtype, shape: [n, w!.shape[0]!, ...size, block] };
  },
  // This op only arises when a program is compiled, after differentiation.
  vjp: null,
  work: ([, w], { shape }) => (sizeOf(shape) * sizeOf(w!.shape)) / (w!.shape[0]! * w!.shape[5]!),
  lower: (onnx, [x, w, bias], { attrs: { padding }, types: [from, filter], type }) => {
    const [n, blocks, h, width, block] = from!.shape as readonly [number, number, number, number, number];
    const [outBlocks, , kh, kw] = filter!.shape as readonly [number, number, number, number];
    const y = onnx.node(
      "com.microsoft.nchwc:Conv",
      [
        onnx.node("Reshape", [x!, onnx.ints([n, blocks * block, h, width])]),
        onnx.node("Reshape", [w!, onnx.ints([outBlocks * block, blocks * block, kh, kw])]),
        ...(bias === undefined ? [] : [bias]),
      ],
      { kernel_shape: [kh, kw], pads: padding, strides: [1, 1] },
    );
    return onnx.node("Reshape", [y, onnx.ints(type.shape)]);
  },
  evaluate: ([x, w, bias], { padding }, { dtype, shape }) => {
    const [outBlocks, blocks, kh, kw, block] = w!.shape as readonly [number, number, number, number, number];
    const plain = plainValue(x!);
    const [n, , h, width] = shape as readonly [number, number, number, number];
    const y = zeros(dtype, [n, outBlocks * block, h, width]);
    const area = h * width;
    if (bias) y.data.forEach((_, i) => (y.data[i] = bias.data[Math.floor(i / area) % bias.data.length]!));
    const taps = kh * kw;
    const wide = [outBlocks * block, blocks * block, kh, kw];
    eachTerm(plain.shape, wide, y.shape, plainWindow(padding), (i, j, k) => {
      const [tap, c, o] = [j % taps, Math.floor(j / taps) % wide[1]!, Math.floor(j / taps / wide[1]!)];
      const place = ((Math.floor(o / block) * blocks + Math.floor(c / block)) * taps + tap) * block + (c % block);
      y.data[k]! += plain.data[i]! * w!.data[place * block + (o % block)]!;
    });
    return blockedValue(y, block);
  },
});

/** A convolution, in blocks where that is faster. */
export function convolved(t: Tensor, block: number): Tensor | null {
  const [x, w] = t.inputs as readonly [Tensor, Tensor];
  const attrs = t.attrs as ConvAttrs;
  if (!fits(x, t, attrs, block) || !pays(x, t, w.shape.slice(2))) return null;
  return unblocked(convOp([blocked(x, block), filterBlocks(w, block)], { padding: attrs.padding }));
}

/** Fuses a per-channel bias into a convolution that nothing else reads, at no cost. */
export function biased(x: Tensor, bias: Tensor, readOnce: (t: Tensor) => boolean): Tensor | null {
  const conv = blocksOf(x);
  if (conv?.op.name !== "ConvBlocked" || conv.inputs.length !== 2 || !readOnce(x) || bias.rank > 4) return null;
  const perChannel = bias.size === x.shape[1] && bias.shape[bias.rank - 3] === bias.size;
  return perChannel ? unblocked(convOp([...conv.inputs, reshape(bias, [-1])], conv.attrs as Padded)) : null;
}

/** A transposed convolution of stride 1 as an ordinary one with the kernel turned around. */
export function convolvedTransposed(t: Tensor, block: number): Tensor | null {
  const [x, w] = t.inputs as readonly [Tensor, Tensor];
  const attrs = t.attrs as ConvAttrs;
  const kernel = w.shape.slice(2);
  const padding = [before(attrs.padding), after(attrs.padding)].flatMap((side) =>
    side.map((p, i) => kernel[i]! - 1 - p),
  );
  if (!fits(x, t, attrs, block) || !pays(x, t, kernel) || padding.some((p) => p < 0)) return null;
  const turned = transpose(flip(flip(w, 2), 3), [1, 0, 2, 3]);
  return unblocked(convOp([blocked(x, block), filterBlocks(turned, block)], { padding }));
}

const weightGradientOp = defineOp<readonly [Tensor, Tensor], Padded & { readonly kernel: Shape }>({
  name: "ConvWeightGradientBlocked",
  infer: ([x, ct], { kernel }) => ({
    dtype: x.dtype,
    shape: [ct.shape[1]! * ct.shape[4]!, x.shape[1]! * x.shape[4]!, ...kernel],
  }),
  vjp: null,
  work: ([, ct], { shape }) => (sizeOf(ct.shape) * sizeOf(shape)) / shape[0]!,
  lower: (onnx, [x, ct], { attrs: { kernel, padding }, types: [from, of], type }) => {
    // One of the two is laid out in patches, the other is the kernel, with the images as its channels: the one with fewer channels is in patches.
    const [o, c] = type.shape as readonly [number, number];
    const swapped = c > o;
    const [patches, filter] = swapped
      ? [
          { name: ct, of },
          { name: x, of: from },
        ]
      : [
          { name: x, of: from },
          { name: ct, of },
        ];
    const [inner, outer] = swapped ? [o, c] : [c, o];
    const n = from.shape[0]!;
    const reshaped = (name: string, shape: Shape): string => onnx.node("Reshape", [name, onnx.ints(shape)]);
    const size = (of: { readonly shape: Shape }): Shape => of.shape.slice(2, 4);
    const reordered = (name: string, channels: number, shape: Shape, last: boolean): string =>
      onnx.node("com.microsoft.nchwc:ReorderOutput", [reshaped(name, [n, channels, ...shape])], {
        channels,
        ...(last && { channels_last: 1 }),
      });
    const nhwc = reshaped(reordered(patches.name, inner, size(patches.of), true), [1, n, ...size(patches.of), inner]);
    const plain = reshaped(reordered(filter.name, outer, size(filter.of), false), [n, outer, sizeOf(size(filter.of))]);
    const byImage = onnx.node("Transpose", [plain], { perm: [1, 0, 2] });
    // With the cotangent in patches, the taps come out in reverse.
    const [start, end] = swapped
      ? [before(padding), after(padding)].map((side) => side.map((p, i) => kernel[i]! - 1 - p))
      : [before(padding), after(padding)];
    const y = onnx.node("Conv", [nhwc, reshaped(byImage, [outer, n, ...size(filter.of), 1])], {
      pads: [...start, 0, ...end, 0],
      strides: [1, 1, 1],
    });
    const taps = sizeOf(kernel);
    const flat = reshaped(y, [outer, taps, inner]);
    if (!swapped) return reshaped(onnx.node("Transpose", [flat], { perm: [0, 2, 1] }), type.shape);
    const back = onnx.node("Gather", [flat, onnx.ints(Array.from({ length: taps }, (_, i) => taps - 1 - i))], {
      axis: 1,
    });
    return reshaped(onnx.node("Transpose", [back], { perm: [2, 0, 1] }), type.shape);
  },
  evaluate: ([x, ct], { padding }, type) => {
    const [from, of] = [plainValue(x), plainValue(ct)];
    const w = zeros(type.dtype, type.shape);
    eachTerm(from.shape, w.shape, of.shape, plainWindow(padding), (i, j, k) => {
      w.data[j]! += from.data[i]! * of.data[k]!;
    });
    return w;
  },
});

/** The gradient of a convolution in its kernel, of blocks where the convolution is. */
export function weightGradient(t: Tensor, block: number): Tensor | null {
  const [x, ct] = t.inputs as readonly [Tensor, Tensor];
  const attrs = t.attrs as ConvAttrs & { readonly kernel: Shape };
  const joins = blocksOf(x) !== null || blocksOf(ct) !== null;
  if (!joins || !fits(x, ct, attrs, block)) return null;
  const { kernel, padding } = attrs;
  return weightGradientOp([blocked(x, block), blocked(ct, block)], { kernel, padding });
}
