import { ShapeError } from "../errors.ts";
import {
  type DType,
  formatType,
  isFloat,
  normalizeAxis,
  type Shape,
  sizeOf,
  stridesOf,
  type TensorType,
} from "../graph/shape.ts";
import { constant, defineOp, type Tensor } from "../graph/tensor.ts";
import { zeros } from "../graph/value.ts";
import { add, clamp, sub } from "./arithmetic.ts";
import { and, cast, equal, greaterEqual, less, where } from "./comparison.ts";
import { reshape } from "./movement.ts";

type Along = { readonly axis: number };
type Into = { readonly axis: number; readonly size: number };

function checkIndices(where: string, indices: TensorType): void {
  if (indices.dtype !== "int64")
    throw new ShapeError(`${where}: indices are ${formatType(indices)}, expected int64; use cast`);
}

function checkIndex(where: string, index: number, size: number): number {
  if (index < 0 || index >= size)
    throw new RangeError(`${where}: index out of range, got ${index}, expected 0 to ${size - 1}`);
  return index;
}

const gatherOp = defineOp<readonly [Tensor, Tensor], Along>({
  name: "Gather",
  infer: ([x, indices], { axis }) => {
    checkIndices("gather", indices);
    return { dtype: x.dtype, shape: x.shape.toSpliced(axis, 1, ...indices.shape) };
  },
  vjp: ({ x: [x, indices], ct, attrs: { axis } }) => [scatterAdd(ct, indices, axis, x.shape[axis]!), null],
  lower: (onnx, x, { attrs }) => onnx.node("Gather", x, attrs),
  evaluate: ([x, indices], { axis }, type) => {
    const inner = sizeOf(x.shape.slice(axis + 1));
    const size = x.shape[axis]!;
    const outer = sizeOf(x.shape.slice(0, axis));
    const out = zeros(type.dtype, type.shape);
    for (let o = 0, at = 0; o < outer; o++)
      for (const index of indices.data) {
        const from = (o * size + checkIndex("gather", index, size)) * inner;
        out.data.set(x.data.subarray(from, from + inner), at);
        at += inner;
      }
    return out;
  },
});
/** Slices of x along an axis at int64 indices from 0: shape [..., d, ...] becomes [..., ...indices.shape, ...]. */
export const gather = (x: Tensor, indices: Tensor, axis = 0): Tensor =>
  gatherOp([x, indices], { axis: normalizeAxis("gather", axis, x.rank) });

/**
 * `size` entries of x along an axis from an index that is given at run time, an int64 scalar: `slice` where the start is a number. All lie in x:
 * the CPU refuses others, other devices may not.
 */
export function dynamicSlice(x: Tensor, axis: number, start: Tensor, size: number): Tensor {
  const a = normalizeAxis("dynamicSlice", axis, x.rank);
  checkIndices("dynamicSlice", start);
  return gather(x, add(start, range(size)), a);
}

/** x with y in place of the entries along an axis from the int64 scalar `start` on; entries beyond the end of x are left out. */
export function dynamicUpdateSlice(x: Tensor, y: Tensor, axis: number, start: Tensor): Tensor {
  const a = normalizeAxis("dynamicUpdateSlice", axis, x.rank);
  const size = y.shape[a]!;
  checkIndices("dynamicUpdateSlice", start);
  if (x.dtype !== y.dtype || x.rank !== y.rank || x.shape.some((d, i) => i !== a && d !== y.shape[i]))
    throw new ShapeError(
      `dynamicUpdateSlice: got ${formatType(x)} and ${formatType(y)}, expected equal dtypes and sizes off axis ${a}`,
    );
  const place = sub(range(x.shape[a]!), start);
  const inside = and(greaterEqual(place, 0), less(place, size));
  const along = x.shape.map((_, i) => (i === a ? -1 : 1));
  return where(reshape(inside, along), gather(y, clamp(place, 0, size - 1), a), x);
}

/** 0, 1, .., n - 1. */
const range = (n: number): Tensor =>
  constant(
    Array.from({ length: n }, (_, i) => i),
    [n],
    "int64",
  );

const scatterAddOp = defineOp<readonly [Tensor, Tensor], Into>({
  name: "ScatterAdd",
  infer: ([updates, indices], { axis, size }) => {
    checkIndices("scatterAdd", indices);
    const rank = indices.shape.length;
    if (!isFloat(updates.dtype) || `${updates.shape.slice(axis, axis + rank)}` !== `${indices.shape}`)
      throw new ShapeError(
        `scatterAdd: got updates ${formatType(updates)} and indices ${formatType(indices)}, expected float updates with the indices' shape at axis ${axis}`,
      );
    return { dtype: updates.dtype, shape: updates.shape.toSpliced(axis, rank, size) };
  },
  vjp: ({ x: [, indices], ct, attrs: { axis } }) => [gather(ct, indices, axis), null],
  lower: (onnx, [updates, indices], { attrs: { axis, size }, types: [, { shape: at }], type: { dtype, shape } }) => {
    // The scattered axis comes first, so that a row of updates is contiguous.
    const count = sizeOf(at);
    const outer = sizeOf(shape.slice(0, axis));
    const inner = sizeOf(shape.slice(axis + 1));
    const row = outer * inner;
    const rows = onnx.node("Reshape", [
      outer === 1
        ? updates
        : onnx.node("Transpose", [onnx.node("Reshape", [updates, onnx.ints([outer, count, inner])])], {
            perm: [1, 0, 2],
          }),
      onnx.ints([count, row]),
    ]);
    const column = onnx.node("Reshape", [indices, onnx.ints([count, 1])]);
    const zero = (total: Shape): string => onnx.node("Expand", [onnx.scalar(dtype, 0), onnx.ints(total)]);
    let summed: string;
    if (onnx.target.kind === "cpu" || onnx.target.kind === "wasm") {
      // ONNX Runtime 1.30's ScatterND adds repeated indices on several CPU threads without locks and loses updates.
      const flat = onnx.node("Add", [
        onnx.node("Mul", [column, onnx.scalar("int64", row)]),
        onnx.constant({ dtype: "int64", shape: [row], data: Float64Array.from({ length: row }, (_, i) => i) }),
      ]);
      const all = onnx.ints([count * row]);
      summed = onnx.node(
        "ScatterElements",
        [zero([size * row]), onnx.node("Reshape", [flat, all]), onnx.node("Reshape", [rows, all])],
        { axis: 0, reduction: "add" },
      );
    } else summed = onnx.node("ScatterND", [zero([size, row]), column, rows], { reduction: "add" });
    const ordered =
      outer === 1
        ? summed
        : onnx.node("Transpose", [onnx.node("Reshape", [summed, onnx.ints([size, outer, inner])])], {
            perm: [1, 0, 2],
          });
    return onnx.node("Reshape", [ordered, onnx.ints(shape)]);
  },
  evaluate: ([updates, indices], { axis, size }, type) => {
    const inner = sizeOf(type.shape.slice(axis + 1));
    const outer = sizeOf(type.shape.slice(0, axis));
    const out = zeros(type.dtype, type.shape);
    for (let o = 0, at = 0; o < outer; o++)
      for (const index of indices.data) {
        const to = (o * size + checkIndex("scatterAdd", index, size)) * inner;
        for (let i = 0; i < inner; i++) out.data[to + i]! += updates.data[at++]!;
      }
    return out;
  },
});
/**
 * The adjoint of gather: zeros with `size` entries along `axis`, to which the slices of `updates` are added at their indices. Repeated
 * indices accumulate.
 */
export const scatterAdd = (updates: Tensor, indices: Tensor, axis: number, size: number): Tensor =>
  scatterAddOp([updates, indices], {
    axis: normalizeAxis("scatterAdd", axis, updates.rank - indices.rank + 1),
    size,
  });

function checkAligned(where: string, x: TensorType, indices: TensorType, axis: number): void {
  checkIndices(where, indices);
  if (x.shape.length !== indices.shape.length || x.shape.some((d, i) => i !== axis && d !== indices.shape[i]))
    throw new ShapeError(
      `${where}: got ${formatType(x)} and indices ${formatType(indices)}, expected equal sizes off axis ${axis}`,
    );
}

const takeAlongAxisOp = defineOp<readonly [Tensor, Tensor], Along>({
  name: "TakeAlongAxis",
  infer: ([x, indices], { axis }) => {
    checkAligned("takeAlongAxis", x, indices, axis);
    return { dtype: x.dtype, shape: indices.shape };
  },
  vjp: ({ x: [x, indices], ct, attrs: { axis } }) => [addAlongAxis(ct, indices, axis, x.shape[axis]!), null],
  lower: (onnx, x, { attrs }) => onnx.node("GatherElements", x, attrs),
  evaluate: ([x, indices], { axis }, type) => {
    const at = alongAxis("takeAlongAxis", type.shape, indices.data, axis, x.shape[axis]!);
    return { ...type, data: Float64Array.from(at, (i) => x.data[i]!) };
  },
});
/** x[..., indices[..., j, ...], ...]: one int64 index per output element, along one axis. Sizes agree on the others. */
export const takeAlongAxis = (x: Tensor, indices: Tensor, axis = -1): Tensor =>
  takeAlongAxisOp([x, indices], { axis: normalizeAxis("takeAlongAxis", axis, x.rank) });

const addAlongAxisOp = defineOp<readonly [Tensor, Tensor], Into>({
  name: "AddAlongAxis",
  infer: ([updates, indices], { axis, size }) => {
    checkAligned("addAlongAxis", updates, indices, -1);
    if (!isFloat(updates.dtype))
      throw new ShapeError(`addAlongAxis: got updates ${formatType(updates)}, expected a float tensor`);
    return { dtype: updates.dtype, shape: updates.shape.with(axis, size) };
  },
  vjp: ({ x: [, indices], ct, attrs: { axis } }) => [takeAlongAxis(ct, indices, axis), null],
  lower: (onnx, [updates, indices], { attrs: { axis }, type }) =>
    onnx.node(
      "ScatterElements",
      [onnx.node("Expand", [onnx.scalar(type.dtype, 0), onnx.ints(type.shape)]), indices, updates],
      { axis, reduction: "add" },
    ),
  evaluate: ([updates, indices], { axis, size }, type) => {
    const out = zeros(type.dtype, type.shape);
    alongAxis("addAlongAxis", updates.shape, indices.data, axis, size).forEach((to, i) => {
      out.data[to]! += updates.data[i]!;
    });
    return out;
  },
});
/** The adjoint of takeAlongAxis: zeros with `size` entries along `axis`, to which each update is added at its index. */
export const addAlongAxis = (updates: Tensor, indices: Tensor, axis: number, size: number): Tensor =>
  addAlongAxisOp([updates, indices], { axis: normalizeAxis("addAlongAxis", axis, updates.rank), size });

/** For each element of `indices` (of `shape`), its flat place in a tensor that has `size` entries along `axis`. */
function alongAxis(where: string, shape: Shape, indices: Float64Array, axis: number, size: number): Float64Array {
  const inner = stridesOf(shape)[axis]!;
  const block = inner * shape[axis]!;
  return indices.map(
    (index, flat) => (Math.floor(flat / block) * size + checkIndex(where, index, size)) * inner + (flat % inner),
  );
}

/** 1 at each int64 index along a new last axis of `depth` entries, 0 elsewhere. */
export function oneHot(indices: Tensor, depth: number, dtype: DType = "float32"): Tensor {
  checkIndices("oneHot", indices);
  return cast(equal(reshape(indices, [...indices.shape, 1]), range(depth)), dtype);
}
