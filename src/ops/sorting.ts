import { ShapeError } from "../errors.ts";
import type { OnnxEmitter } from "../graph/op.ts";
import { formatType, normalizeAxis, stridesOf, type TensorType } from "../graph/shape.ts";
import { defineOp, type Tensor } from "../graph/tensor.ts";
import { type Value, zeros } from "../graph/value.ts";
import { addAlongAxis } from "./indexing.ts";

type TopKAttrs = { readonly k: number; readonly axis: number; readonly largest: boolean };

function inferred(x: TensorType, { k, axis }: TopKAttrs): readonly number[] {
  if (x.dtype === "bool" || !Number.isInteger(k) || k < 1 || k > x.shape[axis]!)
    throw new ShapeError(
      `topK: got k = ${k} along axis ${axis} of ${formatType(x)}, expected a numeric tensor and k from 1 to ${x.shape[axis]}`,
    );
  return x.shape.with(axis, k);
}

// Both outputs lower to the same call, which the emitter writes once.
const topKNode = (onnx: OnnxEmitter, x: string, { k, axis, largest }: TopKAttrs): readonly string[] =>
  onnx.nodes("TopK", [x, onnx.ints([k])], 2, { axis, largest: Number(largest), sorted: 1 });

/** Indices along the axis in sorted order; ties keep their order, as in ONNX. */
function ranked(
  x: Value,
  { k, axis, largest }: TopKAttrs,
  type: TensorType,
  write: (out: Value, at: number, from: number, n: number) => void,
): Value {
  const inner = stridesOf(x.shape)[axis]!;
  const size = x.shape[axis]!;
  const out = zeros(type.dtype, type.shape);
  for (let lane = 0; lane < x.data.length / size; lane++) {
    const [o, i] = [Math.floor(lane / inner), lane % inner];
    const at = (n: number): number => (o * size + n) * inner + i;
    const sign = largest ? -1 : 1;
    const order = Array.from({ length: size }, (_, n) => n).toSorted(
      (a, b) => sign * (x.data[at(a)]! - x.data[at(b)]!),
    );
    for (let n = 0; n < k; n++) write(out, (o * k + n) * inner + i, at(order[n]!), order[n]!);
  }
  return out;
}

const topKValuesOp = defineOp<readonly [Tensor], TopKAttrs>({
  name: "TopKValues",
  infer: ([x], attrs) => ({ dtype: x.dtype, shape: inferred(x, attrs) }),
  vjp: ({ x: [x], ct, attrs }) => [addAlongAxis(ct, topKIndicesOp([x], attrs), attrs.axis, x.shape[attrs.axis]!)],
  lower: (onnx, [x], { attrs }) => topKNode(onnx, x, attrs)[0]!,
  evaluate: ([x], attrs, type) => ranked(x, attrs, type, (out, at, from) => (out.data[at] = x.data[from]!)),
});
const topKIndicesOp: (x: readonly [Tensor], attrs: TopKAttrs) => Tensor = defineOp<readonly [Tensor], TopKAttrs>({
  name: "TopKIndices",
  infer: ([x], attrs) => ({ dtype: "int64", shape: inferred(x, attrs) }),
  vjp: null,
  lower: (onnx, [x], { attrs }) => topKNode(onnx, x, attrs)[1]!,
  evaluate: ([x], attrs, type) => ranked(x, attrs, type, (out, at, _, n) => (out.data[at] = n)),
});

/** The k largest (or smallest) elements along an axis in order, and their int64 indices; ties keep their order. */
export function topK(
  x: Tensor,
  k: number,
  axis = -1,
  { largest = true }: { readonly largest?: boolean } = {},
): { readonly values: Tensor; readonly indices: Tensor } {
  const attrs = { k, axis: normalizeAxis("topK", axis, x.rank), largest };
  return { values: topKValuesOp([x], attrs), indices: topKIndicesOp([x], attrs) };
}

type Order = { readonly descending?: boolean };
const all = (where: string, x: Tensor, axis: number): number => x.shape[normalizeAxis(where, axis, x.rank)]!;

/** x in ascending order along an axis. */
export const sort = (x: Tensor, axis = -1, { descending = false }: Order = {}): Tensor =>
  topK(x, all("sort", x, axis), axis, { largest: descending }).values;

/** The int64 indices that sort x along an axis (stable). */
export const argsort = (x: Tensor, axis = -1, { descending = false }: Order = {}): Tensor =>
  topK(x, all("argsort", x, axis), axis, { largest: descending }).indices;
