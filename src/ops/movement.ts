import { ShapeError } from "../errors.ts";
import {
  broadcastShapes,
  formatType,
  normalizeAxis,
  sameShape,
  type Shape,
  sizeOf,
  stridesOf,
} from "../graph/shape.ts";
import { defineOp, scalarValue, type Tensor } from "../graph/tensor.ts";
import { broadcastIndices, type Value } from "../graph/value.ts";
import { factored, mul } from "./arithmetic.ts";

/** Gathers elements in output order: `at` gives the flat source index of an output's multi-index. */
function permuted(x: Value, shape: Shape, at: (index: readonly number[]) => number): Value {
  const data = new Float64Array(sizeOf(shape));
  const index = Array.from<number>({ length: shape.length }).fill(0);
  for (let flat = 0; flat < data.length; flat++) {
    const from = at(index);
    data[flat] = from < 0 ? 0 : x.data[from]!;
    for (let i = shape.length - 1; i >= 0; i--) {
      if (++index[i]! < shape[i]!) break;
      index[i] = 0;
    }
  }
  return { dtype: x.dtype, shape, data };
}

const reshapeOp = defineOp<readonly [Tensor], { shape: Shape }>({
  name: "Reshape",
  infer: ([x], { shape }) => {
    if (sizeOf(shape) !== sizeOf(x.shape))
      throw new ShapeError(
        `reshape: sizes differ, got [${x.shape}] to [${shape}], expected ${sizeOf(x.shape)} elements`,
      );
    return { dtype: x.dtype, shape };
  },
  vjp: ({ x: [x], ct }) => [reshape(ct, x.shape)],
  lower: (onnx, [x], { attrs }) => onnx.node("Reshape", [x, onnx.ints(attrs.shape)]),
  evaluate: ([x], { shape }) => ({ ...x, shape }),
  identity: ([x], { shape }) => {
    if (sameShape(x.shape, shape)) return x;
    if (x.op.name === "Reshape") return reshape(x.inputs[0]!, shape);
    if (x.op.name === "BroadcastTo" && x.inputs[0]!.size === 1) return broadcastTo(reshape(x.inputs[0]!, []), shape);
    const [a, c] = factored(x);
    return a === x ? null : mul(reshape(a, shape), c);
  },
});
/** The same elements in another shape; one dimension may be -1 and is inferred. */
export function reshape(x: Tensor, shape: Shape): Tensor {
  const known = shape.reduce((size, d) => (d === -1 ? size : size * d), 1);
  const unknown = shape.filter((d) => d === -1).length;
  if (unknown > 1 || (unknown === 1 && x.size % known !== 0))
    throw new ShapeError(`reshape: got [${x.shape}] to [${shape}], expected a divisor of ${x.size} beside a single -1`);
  return reshapeOp([x], { shape: shape.map((d) => (d === -1 ? x.size / known : d)) });
}

const broadcastOp = defineOp<readonly [Tensor], { shape: Shape }>({
  name: "BroadcastTo",
  infer: ([x], { shape }) => {
    if (!sameShape(broadcastShapes("broadcastTo", x.shape, shape), shape))
      throw new ShapeError(`broadcastTo: got [${x.shape}] to [${shape}], expected every dimension to be 1 or equal`);
    return { dtype: x.dtype, shape };
  },
  vjp: ({ ct }) => [ct],
  lower: (onnx, [x], { attrs }) => onnx.node("Expand", [x, onnx.ints(attrs.shape)]),
  evaluate: ([x], { shape }) => ({
    ...x,
    shape,
    data: Float64Array.from(broadcastIndices(x.shape, shape), (i) => x.data[i]!),
  }),
  identity: ([x], { shape }) => {
    if (sizeOf(x.shape) === sizeOf(shape) && x.size > 1) return reshape(x, shape);
    if (sameShape(x.shape, shape)) return x;
    // A single number is kept without axes, so that products recognize it and move it outwards.
    if (x.rank > 0 && scalarValue(x) !== undefined) return broadcastTo(reshape(x, []), shape);
    return x.op.name === "BroadcastTo" ? broadcastTo(x.inputs[0]!, shape) : null;
  },
  folds: false,
});
/** x broadcast along new and size-1 axes. A scalar constant stays a node, which binary operations then drop. */
export const broadcastTo = (x: Tensor, shape: Shape): Tensor => broadcastOp([x], { shape });

/** ONNX Runtime transposes a few long axes in blocks, many short ones element by element: 112 against 34 us for 64x64x1x1x3x3. */
const worthMerging = 2 ** 14;

/** The same permutation without axes of size 1, and with axes that stay adjacent merged. */
function mergedAxes(from: Shape, permutation: readonly number[]): { readonly shape: Shape; readonly perm: number[] } {
  const runs: number[][] = [];
  const wide = from.flatMap((n, i) => (n === 1 ? [] : [i]));
  for (const p of permutation.map((p) => wide.indexOf(p)).filter((p) => p >= 0))
    if (runs.at(-1)?.at(-1) === p - 1) runs.at(-1)!.push(p);
    else runs.push([p]);
  const inOrder = runs.toSorted((a, b) => a[0]! - b[0]!);
  return {
    shape: inOrder.map((run) => sizeOf(run.map((p) => from[wide[p]!]!))),
    perm: runs.map((run) => inOrder.indexOf(run)),
  };
}

const transposeOp = defineOp<readonly [Tensor], { permutation: readonly number[] }>({
  name: "Transpose",
  infer: ([x], { permutation }) => {
    if (permutation.length !== x.shape.length || permutation.toSorted((a, b) => a - b).some((p, i) => p !== i))
      throw new ShapeError(
        `transpose: got [${permutation}] for ${formatType(x)}, expected a permutation of its ${x.shape.length} axes`,
      );
    return { dtype: x.dtype, shape: permutation.map((p) => x.shape[p]!) };
  },
  vjp: ({ ct, attrs: { permutation } }) => [
    transpose(
      ct,
      permutation.map((_, i) => permutation.indexOf(i)),
    ),
  ],
  lower: (onnx, [x], { attrs: { permutation }, types: [from], type }) => {
    const { shape, perm } = mergedAxes(from.shape, permutation);
    if (perm.length === permutation.length || sizeOf(from.shape) < worthMerging)
      return onnx.node("Transpose", [x], { perm: permutation });
    const y = onnx.node("Transpose", [onnx.node("Reshape", [x, onnx.ints(shape)])], { perm });
    return onnx.node("Reshape", [y, onnx.ints(type.shape)]);
  },
  evaluate: ([x], { permutation }, { shape }) => {
    const strides = stridesOf(x.shape);
    return permuted(x, shape, (index) => index.reduce((at, n, i) => at + n * strides[permutation[i]!]!, 0));
  },
  identity: ([x], { permutation }) => {
    if (permutation.every((p, i) => p === i)) return x;
    const wide = permutation.filter((p) => x.shape[p] !== 1);
    if (wide.every((p, i) => i === 0 || p > wide[i - 1]!))
      return reshape(
        x,
        permutation.map((p) => x.shape[p]!),
      );
    if (x.op.name === "Transpose") {
      const inner = x.attrs["permutation"] as readonly number[];
      return transpose(
        x.inputs[0]!,
        permutation.map((p) => inner[p]!),
      );
    }
    const [a, c] = factored(x);
    return a === x ? null : mul(transpose(a, permutation), c);
  },
});
/** Axes reordered: output axis i is input axis permutation[i]. Swaps the last two when no permutation is given. */
export function transpose(x: Tensor, permutation?: readonly number[]): Tensor {
  const r = x.rank;
  return transposeOp([x], {
    permutation: permutation ?? [...Array.from({ length: r - 2 }, (_, i) => i), r - 1, r - 2],
  });
}

type SliceAttrs = {
  readonly starts: readonly number[];
  readonly sizes: readonly number[];
  readonly steps: readonly number[];
};
const sliceOp: (x: readonly [Tensor], attrs: SliceAttrs) => Tensor = defineOp<readonly [Tensor], SliceAttrs>({
  name: "Slice",
  infer: ([x], { starts, sizes, steps }) => {
    starts.forEach((start, i) => {
      const last = start + (sizes[i]! - 1) * steps[i]!;
      if (sizes[i]! < 1 || start < 0 || start >= x.shape[i]! || last < 0 || last >= x.shape[i]!)
        throw new ShapeError(
          `slice: out of range at axis ${i}, got ${start} to ${last}, expected 0 to ${x.shape[i]! - 1}`,
        );
    });
    return { dtype: x.dtype, shape: sizes };
  },
  vjp: ({ x: [x], ct, attrs }) => [unslice(ct, x.shape, attrs.starts, attrs.steps)],
  lower: (onnx, [x], { attrs: { starts, sizes, steps }, types: [type] }) => {
    const axes = starts.flatMap((s, i) => (s !== 0 || sizes[i] !== type.shape[i] || steps[i] !== 1 ? [i] : []));
    const pick = (f: (i: number) => number): string => onnx.ints(axes.map(f));
    // Past the front, ONNX expects an end far below zero: -1 would mean the last element.
    const end = (i: number): number => {
      const e = starts[i]! + sizes[i]! * steps[i]!;
      return e < 0 ? -(2 ** 31) : e;
    };
    return onnx.node("Slice", [x, pick((i) => starts[i]!), pick(end), onnx.ints(axes), pick((i) => steps[i]!)]);
  },
  evaluate: ([x], { starts, sizes, steps }) => {
    const strides = stridesOf(x.shape);
    return permuted(x, sizes, (index) =>
      index.reduce((at, n, i) => at + (starts[i]! + n * steps[i]!) * strides[i]!, 0),
    );
  },
  identity: ([x], { starts, sizes, steps }) => {
    if (sameShape(sizes, x.shape) && starts.every((s, i) => s === 0 && steps[i] === 1)) return x;
    if (x.op.name !== "Slice") return null;
    const inner = x.attrs as SliceAttrs;
    if ([...steps, ...inner.steps].some((s) => s < 0)) return null;
    return sliceOp([x.inputs[0]!], {
      starts: starts.map((s, i) => inner.starts[i]! + s * inner.steps[i]!),
      sizes,
      steps: steps.map((s, i) => s * inner.steps[i]!),
    });
  },
});

/**
 * Elements start, start + step, ... of one axis, `end` excluded; negative start and end count from the end, as does a
 * missing end. A negative step goes backwards.
 */
export function slice(x: Tensor, axis: number, start: number, end?: number, step = 1): Tensor {
  const a = normalizeAxis("slice", axis, x.rank);
  const d = x.shape[a]!;
  const from = start < 0 ? start + d : start;
  const to = end === undefined ? (step > 0 ? d : -1) : end < 0 ? end + d : end;
  if (!Number.isInteger(step) || step === 0)
    throw new ShapeError(`slice: got step ${step}, expected a non-zero integer`);
  const size = Math.ceil((to - from) / step);
  // ONNX Runtime 1.30 on WebGPU reads wrong elements for a negative step over part of an axis; over all of it, it is correct.
  if (step < 0 && size > 0 && size < d) return flip(slice(x, a, from + (size - 1) * step, from + 1, -step), a);
  const zeros = x.shape.map(() => 0);
  return sliceOp([x], {
    starts: zeros.with(a, from),
    sizes: x.shape.with(a, size),
    steps: zeros.map(() => 1).with(a, step),
  });
}

/** x with one axis reversed. */
export const flip = (x: Tensor, axis: number): Tensor =>
  slice(x, normalizeAxis("flip", axis, x.rank), -1, undefined, -1);

type PadAttrs = { readonly before: readonly number[]; readonly after: readonly number[]; readonly value: number };
const padOp = defineOp<readonly [Tensor], PadAttrs>({
  name: "Pad",
  infer: ([x], { before, after }) => {
    if (before.length !== x.shape.length || after.length !== x.shape.length || [...before, ...after].some((p) => p < 0))
      throw new ShapeError(
        `pad: got [${before}] and [${after}] for ${formatType(x)}, expected a count of 0 or more per axis`,
      );
    return { dtype: x.dtype, shape: x.shape.map((d, i) => before[i]! + d + after[i]!) };
  },
  vjp: ({ x: [x], ct, attrs: { before } }) => [
    sliceOp([ct], { starts: before, sizes: x.shape, steps: x.shape.map(() => 1) }),
  ],
  lower: (onnx, [x], { attrs, type }) =>
    onnx.node("Pad", [x, onnx.ints([...attrs.before, ...attrs.after]), onnx.scalar(type.dtype, attrs.value)]),
  evaluate: ([x], { before, value }, { shape }) => {
    const strides = stridesOf(x.shape);
    const zero = permuted({ ...x, data: x.data.map((v) => v - value) }, shape, (index) => {
      let at = 0;
      for (const [i, n] of index.entries()) {
        const from = n - before[i]!;
        if (from < 0 || from >= x.shape[i]!) return -1;
        at += from * strides[i]!;
      }
      return at;
    });
    return { ...zero, data: zero.data.map((v) => v + value) };
  },
  identity: ([x], { before, after }) => ([...before, ...after].every((p) => p === 0) ? x : null),
});
/** x with `value` added before and after along each axis. */
export const pad = (x: Tensor, before: readonly number[], after: readonly number[], value = 0): Tensor =>
  padOp([x], { before, after, value });

/** Two tensors zero-padded to the two parts of an axis and added: their concatenation. It arises as the gradient of a split. */
export function joinedPads(x: Tensor, y: Tensor): Tensor | null {
  if (x.op.name !== "Pad" || y.op.name !== "Pad" || !sameShape(x.shape, y.shape)) return null;
  const [p, q] = [x.attrs as PadAttrs, y.attrs as PadAttrs];
  const [a, b] = [x.inputs[0]!, y.inputs[0]!];
  const axes = x.shape.flatMap((d, i) => (a.shape[i] !== d || b.shape[i] !== d ? [i] : []));
  const [axis] = axes;
  if (axis === undefined || axes.length > 1 || p.value !== 0 || q.value !== 0) return null;
  const [low, high] = p.before[axis]! < q.before[axis]! ? [a, b] : [b, a];
  const start = Math.min(p.before[axis]!, q.before[axis]!);
  if (start + low.shape[axis]! !== Math.max(p.before[axis]!, q.before[axis]!)) return null;
  const joined = concat([low, high], axis);
  const none = x.shape.map(() => 0);
  return pad(joined, none.with(axis, start), none.with(axis, x.shape[axis]! - start - joined.shape[axis]!));
}

/** The transpose of a slice: elements of x put at start, start + step, ... of each axis of a zero tensor. */
function unslice(x: Tensor, shape: Shape, starts: readonly number[], steps: readonly number[]): Tensor {
  let y = x;
  steps.forEach((step, axis) => {
    if (step < 0) y = flip(y, axis);
    const gap = Math.abs(step);
    const n = y.shape[axis]!;
    if (gap > 1) {
      // interleave with zeros: [.., n, ..] -> [.., n, 1, ..] -> [.., n, gap, ..] -> [.., n * gap, ..], tail cut
      const wide = reshape(y, [...y.shape.slice(0, axis + 1), 1, ...y.shape.slice(axis + 1)]);
      const none = wide.shape.map(() => 0);
      const dilated = pad(wide, none, none.with(axis + 1, gap - 1));
      y = slice(reshape(dilated, y.shape.with(axis, n * gap)), axis, 0, (n - 1) * gap + 1);
    }
  });
  const before = starts.map((s, i) => (steps[i]! > 0 ? s : s + (x.shape[i]! - 1) * steps[i]!));
  return pad(
    y,
    before,
    shape.map((d, i) => d - before[i]! - y.shape[i]!),
  );
}

const concatOp = defineOp<readonly Tensor[], { axis: number }>({
  name: "Concat",
  infer: (xs, { axis }) => {
    const [first] = xs;
    if (!first) throw new ShapeError("concat: got no tensors, expected one or more");
    for (const x of xs)
      if (
        x.dtype !== first.dtype ||
        x.shape.length !== first.shape.length ||
        x.shape.some((d, i) => i !== axis && d !== first.shape[i])
      )
        throw new ShapeError(
          `concat: got ${formatType(first)} and ${formatType(x)}, expected equal dtypes and sizes off axis ${axis}`,
        );
    return {
      dtype: first.dtype,
      shape: first.shape.with(
        axis,
        xs.reduce((n, x) => n + x.shape[axis]!, 0),
      ),
    };
  },
  vjp: ({ x, ct, attrs: { axis } }) => {
    let start = 0;
    return x.map((t) => slice(ct, axis, start, (start += t.shape[axis]!)));
  },
  lower: (onnx, x, { attrs }) => onnx.node("Concat", x, { axis: attrs.axis }),
  evaluate: (xs, { axis }, { dtype, shape }) => {
    const outer = sizeOf(shape.slice(0, axis));
    const data = new Float64Array(sizeOf(shape));
    let at = 0;
    for (let o = 0; o < outer; o++)
      for (const x of xs) {
        const block = x.data.length / outer;
        data.set(x.data.subarray(o * block, (o + 1) * block), at);
        at += block;
      }
    return { dtype, shape, data };
  },
  identity: (xs) => (xs.length === 1 ? xs[0]! : null),
});
/** Tensors concatenated along an axis. */
export const concat = (xs: readonly Tensor[], axis: number): Tensor =>
  concatOp(xs, { axis: normalizeAxis("concat", axis, xs[0]?.rank ?? 1) });

/** Tensors of one shape stacked along a new axis. */
export function stack(xs: readonly Tensor[], axis = 0): Tensor {
  const rank = (xs[0]?.rank ?? 0) + 1;
  const a = normalizeAxis("stack", axis, rank);
  return concat(
    xs.map((x) => reshape(x, x.shape.toSpliced(a, 0, 1))),
    a,
  );
}

/**
 * x split along an axis, into a number of equal parts or into parts of given sizes; both are literals so that the result can be destructured.
 *
 * @example
 * const [shift, gates] = split(new Input("x", [8, 12]), 1, [4, 8]);
 * gates.shape; // [8, 8]
 */
export function split<N extends number>(x: Tensor, axis: number, parts: N): Tuple<Tensor, N>;
export function split<const S extends readonly number[]>(
  x: Tensor,
  axis: number,
  sizes: S,
): { -readonly [K in keyof S]: Tensor };
export function split(x: Tensor, axis: number, parts: number | readonly number[]): Tensor[] {
  const a = normalizeAxis("split", axis, x.rank);
  const whole = x.shape[a]!;
  const sizes = typeof parts === "number" ? Array.from({ length: parts }, () => whole / parts) : parts;
  if (sizes.some((size) => !Number.isInteger(size)))
    throw new ShapeError(
      `split: got ${sizes.length} parts of axis ${a} of ${formatType(x)}, expected a divisor of ${whole}`,
    );
  if (sizes.reduce((total, size) => total + size, 0) !== whole)
    throw new ShapeError(`split: got sizes [${sizes}] of axis ${a} of ${formatType(x)}, expected a sum of ${whole}`);
  let start = 0;
  return sizes.map((size) => slice(x, a, start, (start += size)));
}
type Tuple<T, N extends number, R extends T[] = []> = number extends N
  ? T[]
  : R["length"] extends N
    ? R
    : Tuple<T, N, [...R, T]>;

/** x repeated `repeats[i]` times along axis i. */
export function tile(x: Tensor, repeats: readonly number[]): Tensor {
  if (repeats.length !== x.rank)
    throw new ShapeError(`tile: got ${repeats.length} repeats for ${formatType(x)}, expected ${x.rank}`);
  const interleaved = x.shape.flatMap((d) => [1, d]);
  const repeated = x.shape.flatMap((d, i) => [repeats[i]!, d]);
  return reshape(
    broadcastTo(reshape(x, interleaved), repeated),
    x.shape.map((d, i) => d * repeats[i]!),
  );
}

/** [batch, ...] flattened to [batch, features]. */
export const flatten = (x: Tensor): Tensor => reshape(x, [x.shape[0]!, -1]);

/** The value of x where it is one repeated number, else undefined. */
export const splat = (x: Tensor): number | undefined => scalarValue(x.op.name === "BroadcastTo" ? x.inputs[0]! : x);
