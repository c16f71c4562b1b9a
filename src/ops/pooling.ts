import { ShapeError } from "../errors.ts";
import type { OnnxEmitter } from "../graph/op.ts";
import { formatType, isFloat, type Shape, sizeOf, stridesOf, type TensorType } from "../graph/shape.ts";
import { constant, defineOp, type Tensor } from "../graph/tensor.ts";
import { type Value, value, zeros } from "../graph/value.ts";
import { mul } from "./arithmetic.ts";
import { convTranspose } from "./convolution.ts";
import { refuseFloat64 } from "./families.ts";
import { scatterAdd } from "./indexing.ts";
import { broadcastTo, reshape } from "./movement.ts";
import { type PerAxis, perAxis, positions } from "./window.ts";

type PoolAttrs = {
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[];
};
export interface PoolOptions {
  readonly kernel: PerAxis;
  /** The kernel size by default. */
  readonly stride?: PerAxis;
  /** On both sides of each axis; at most half the kernel. */
  readonly padding?: PerAxis;
}

function poolAttrs(where: string, x: Tensor, { kernel, stride = kernel, padding = 0 }: PoolOptions): PoolAttrs {
  const axes = x.rank - 2;
  return {
    kernel: perAxis(where, "kernel", kernel, axes, 1),
    stride: perAxis(where, "stride", stride, axes, 1),
    padding: perAxis(where, "padding", padding, axes, 0),
  };
}

function pooledShape(where: string, x: TensorType, { kernel, stride, padding }: PoolAttrs): Shape {
  const size = positions(x.shape.slice(2), kernel, {
    stride,
    padding: [...padding, ...padding],
    dilation: kernel.map(() => 1),
  });
  if (!isFloat(x.dtype) || x.shape.length < 3 || size.some((n) => n < 1) || padding.some((p, i) => 2 * p > kernel[i]!))
    throw new ShapeError(
      `${where}: got ${formatType(x)}, kernel [${kernel}] and padding [${padding}], expected a float [n, c, ...size] that the kernel fits in and padding of at most half the kernel`,
    );
  return [x.shape[0]!, x.shape[1]!, ...size];
}

const onnxPool = ({ kernel, stride, padding }: PoolAttrs) => ({
  kernel_shape: kernel,
  strides: stride,
  pads: [...padding, ...padding],
});

/** Visits, for each output element, the flat indices of the elements of x in its window, in row-major order. */
function eachWindow(
  x: Shape,
  y: Shape,
  { kernel, stride, padding }: PoolAttrs,
  visit: (y: number, x: number) => void,
): void {
  const [size, out] = [x.slice(2), y.slice(2)];
  const [strides, taps, places] = [stridesOf(size), stridesOf(kernel), stridesOf(out)];
  const [area, placeCount, tapCount] = [sizeOf(size), sizeOf(out), sizeOf(kernel)];
  for (let flat = 0; flat < sizeOf(y); flat++)
    for (let tap = 0; tap < tapCount; tap++) {
      let at = Math.floor(flat / placeCount) * area;
      for (let i = 0; i < size.length && at >= 0; i++) {
        const p = Math.floor((flat % placeCount) / places[i]!) % out[i]!;
        const from = p * stride[i]! + (Math.floor(tap / taps[i]!) % kernel[i]!) - padding[i]!;
        at = from < 0 || from >= size[i]! ? -1 : at + from * strides[i]!;
      }
      if (at >= 0) visit(flat, at);
    }
}

/** For each output element, the flat index in x of the largest element of its window, the first at a tie. */
function firstMaxima(x: Value, type: TensorType, attrs: PoolAttrs): Float64Array {
  const at = new Float64Array(sizeOf(type.shape)).fill(-1);
  eachWindow(x.shape, type.shape, attrs, (out, from) => {
    if (at[out] === -1 || x.data[from]! > x.data[at[out]!]!) at[out] = from;
  });
  return at;
}

/**
 * The same indices from an ArgMax over the kernel's taps, each a strided slice: ONNX Runtime 1.30's WebGPU MaxPool has no
 * indices output.
 */
function indicesFromTaps(
  onnx: OnnxEmitter,
  x: string,
  shape: Shape,
  out: Shape,
  { kernel, stride, padding }: PoolAttrs,
): string {
  const [size, places] = [shape.slice(2), out.slice(2)];
  const strides = stridesOf(size);
  const margin = onnx.ints([0, 0, ...padding, 0, 0, ...padding]);
  const padded = padding.some((p) => p > 0) ? onnx.node("Pad", [x, margin, onnx.scalar("float32", -3e38)]) : x;
  const axes = onnx.ints(size.map((_, i) => i + 2));
  const taps = Array.from({ length: sizeOf(kernel) }, (_, tap) => {
    const at = stridesOf(kernel).map((s, i) => Math.floor(tap / s) % kernel[i]!);
    const ends = at.map((t, i) => t + (places[i]! - 1) * stride[i]! + 1);
    const values = onnx.node("Slice", [padded, onnx.ints(at), onnx.ints(ends), axes, onnx.ints(stride)]);
    return { offset: sumOf(at, strides), values: onnx.node("Reshape", [values, onnx.ints([1, ...out])]) };
  });
  const best = onnx.node(
    "ArgMax",
    [
      onnx.node(
        "Concat",
        taps.map((t) => t.values),
        { axis: 0 },
      ),
    ],
    { axis: 0, keepdims: 0 },
  );
  const offsets = onnx.constant(
    value(
      "int64",
      [taps.length],
      taps.map((t) => t.offset),
    ),
  );
  // The flat index of each window's first tap: the offset of its plane, plus the position in it.
  const [n, c] = out as readonly [number, number];
  const planes = Array.from({ length: n * c }, (_, plane) => plane * sizeOf(size));
  const corners = Array.from({ length: sizeOf(places) }, (_, place) =>
    sumOf(
      stridesOf(places).map((s, i) => (Math.floor(place / s) % places[i]!) * stride[i]! - padding[i]!),
      strides,
    ),
  );
  const first = onnx.node("Add", [
    onnx.constant(value("int64", [n, c, ...places.map(() => 1)], planes)),
    onnx.constant(value("int64", places, corners)),
  ]);
  return onnx.node("Add", [onnx.node("Gather", [offsets, best], { axis: 0 }), first]);
}
const sumOf = (index: readonly number[], strides: readonly number[]): number =>
  index.reduce((at, n, i) => at + n * strides[i]!, 0);

const maxPoolOp = defineOp<readonly [Tensor], PoolAttrs>({
  name: "MaxPool",
  infer: ([x], attrs) => ({ dtype: x.dtype, shape: pooledShape("maxPool", x, attrs) }),
  vjp: ({ x: [x], ct, attrs }) => {
    const at = reshape(maxPoolIndicesOp([x], attrs), [-1]);
    return [reshape(scatterAdd(reshape(ct, [-1]), at, 0, x.size), x.shape)];
  },
  lower: (onnx, [x], { attrs }) => onnx.node("MaxPool", [x], onnxPool(attrs)),
  evaluate: ([x], attrs, type) => ({ ...type, data: firstMaxima(x, type, attrs).map((i) => x.data[i]!) }),
});
const maxPoolIndicesOp: (x: readonly [Tensor], attrs: PoolAttrs) => Tensor = defineOp<readonly [Tensor], PoolAttrs>({
  name: "MaxPoolIndices",
  infer: ([x], attrs) => ({ dtype: "int64", shape: pooledShape("maxPool", x, attrs) }),
  vjp: null,
  lower: (onnx, [x], { attrs, types: [{ shape }], type }) =>
    onnx.target.kind === "webgpu"
      ? indicesFromTaps(onnx, x, shape, type.shape, attrs)
      : onnx.nodes("MaxPool", [x], 2, onnxPool(attrs))[1]!,
  evaluate: ([x], attrs, type) => ({ ...type, data: firstMaxima(x, type, attrs) }),
});
/** Max pooling of x [n, c, ...size]; padding never wins. At a tie the derivative goes to the first element. */
export const maxPool = (x: Tensor, options: PoolOptions): Tensor => maxPoolOp([x], poolAttrs("maxPool", x, options));

const averagePoolOp = defineOp<readonly [Tensor], PoolAttrs>({
  name: "AveragePool",
  infer: ([x], attrs) => ({ dtype: x.dtype, shape: pooledShape("averagePool", x, attrs) }),
  vjp: ({ x: [x], ct, attrs: { kernel, stride, padding } }) => {
    const weight = 1 / sizeOf(kernel);
    const [size, out] = [x.shape.slice(2), ct.shape.slice(2)];
    if (out.every((n, i) => stride[i] === kernel[i] && size[i] === n * kernel[i]!)) {
      const repeated = broadcastTo(reshape(ct, [...ct.shape.slice(0, 2), ...out.flatMap((n) => [n, 1])]), [
        ...ct.shape.slice(0, 2),
        ...out.flatMap((n, i) => [n, kernel[i]!]),
      ]);
      return [mul(reshape(repeated, x.shape), weight)];
    }
    // Channelwise, this is a convolution with a constant kernel.
    const planes = reshape(ct, [x.shape[0]! * x.shape[1]!, 1, ...out]);
    const kernelValues = constant(
      Array.from({ length: sizeOf(kernel) }, () => weight),
      [1, 1, ...kernel],
      ct.dtype,
    );
    const outputPadding = size.map((s, i) => s - ((out[i]! - 1) * stride[i]! - 2 * padding[i]! + kernel[i]!));
    return [reshape(convTranspose(planes, kernelValues, { stride, padding, outputPadding }), x.shape)];
  },
  lower: (onnx, [x], { attrs, type }) => {
    refuseFloat64("averagePool", type);
    return onnx.node("AveragePool", [x], { ...onnxPool(attrs), count_include_pad: 1 });
  },
  evaluate: ([x], attrs, type) => {
    const y = zeros(type.dtype, type.shape);
    const count = sizeOf(attrs.kernel);
    eachWindow(x.shape, type.shape, attrs, (out, from) => (y.data[out]! += x.data[from]! / count));
    return y;
  },
});
/** Average pooling of x [n, c, ...size]; padding counts as zeros. */
export const averagePool = (x: Tensor, options: PoolOptions): Tensor =>
  averagePoolOp([x], poolAttrs("averagePool", x, options));
