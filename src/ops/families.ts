import { ShapeError, UnsupportedOpError } from "../errors.ts";
import type { Attributes, OnnxEmitter, SimdInstruction } from "../graph/op.ts";
import { broadcastShapes, type DType, formatType, isFloat, sameShape, type TensorType } from "../graph/shape.ts";
import { apply, defineOp, lift, type Operand, Tensor } from "../graph/tensor.ts";
import { broadcastIndices, type Value } from "../graph/value.ts";

const renamed = new Map([
  ["Max", "maximum"],
  ["Min", "minimum"],
  ["LessOrEqual", "lessEqual"],
  ["GreaterOrEqual", "greaterEqual"],
]);
/** Name of an op in messages: its exported name, usually its ONNX name in lower case. */
export const called = (name: string): string => renamed.get(name) ?? name[0]!.toLowerCase() + name.slice(1);

/** Throws, by name, for an op in a dtype without an ONNX Runtime kernel. */
export function refuseFloat64(name: string, type: TensorType): void {
  if (type.dtype === "float64")
    throw new UnsupportedOpError(
      `${name}: ONNX Runtime has no float64 kernel for it, got ${formatType(type)}, expected float32`,
    );
}

interface Unary {
  readonly evaluate: (x: number) => number;
  readonly vjp: ((at: { x: Tensor; y: Tensor; ct: Tensor }) => Tensor) | null;
  /** The ONNX operator, where its name is not the op's. */
  readonly lower?: (onnx: OnnxEmitter, x: string, type: TensorType) => string;
  readonly identity?: (x: Tensor) => Tensor | null;
  readonly float64?: false;
  readonly simd?: SimdInstruction;
  readonly accepts?: (dtype: DType) => boolean;
  readonly dtype?: DType;
}

/** An elementwise op of one tensor. */
export function unary(name: string, rules: Unary): (x: Tensor) => Tensor {
  const accepts = rules.accepts ?? isFloat;
  const { vjp, lower, identity } = rules;
  const op: (x: readonly [Tensor], attrs: Attributes) => Tensor = defineOp<readonly [Tensor]>({
    name,
    infer: ([x]) => {
      if (!accepts(x.dtype))
        throw new ShapeError(
          `${called(name)}: wrong dtype, got ${formatType(x)}, expected a ${accepts("int64") ? "numeric" : accepts("float32") ? "float" : "bool"} tensor`,
        );
      return { dtype: rules.dtype ?? x.dtype, shape: x.shape };
    },
    vjp: vjp && (({ x: [x], y, ct }) => [vjp({ x, y, ct })]),
    lower: (onnx, [x], { types: [type] }) => {
      if (rules.float64 === false) refuseFloat64(called(name), type);
      return lower ? lower(onnx, x, type) : onnx.node(name, [x]);
    },
    evaluate: ([x], _, type) => ({ ...type, data: x.data.map(rules.evaluate) }),
    // Of a repeated number, compute it once.
    identity: ([x]) =>
      x.op.name === "BroadcastTo" ? apply(x.op, [op([x.inputs[0]!], {})], x.attrs) : (identity?.(x) ?? null),
    ...(rules.simd && { simd: rules.simd }),
    elementwise: true,
  });
  return (x) => op([x], {});
}

interface Binary {
  readonly evaluate: (x: number, y: number) => number;
  readonly vjp:
    | ((at: { x: Tensor; y: Tensor; ct: Tensor; out: Tensor }) => readonly [Tensor | null, Tensor | null])
    | null;
  readonly identity?: (x: Tensor, y: Tensor) => Tensor | null;
  readonly fuse?: (x: Tensor, y: Tensor, uses: (t: Tensor) => number) => Tensor | null;
  readonly simd?: SimdInstruction;
  readonly accepts?: (dtype: DType) => boolean;
  /** Output dtype, where it is not the inputs'. */
  readonly dtype?: DType;
  readonly lower?: (onnx: OnnxEmitter, x: string, y: string) => string;
}

/** An elementwise op of two tensors, with NumPy broadcasting. A number takes the other operand's dtype. */
export function binary(name: string, rules: Binary): (x: Operand, y: Operand) => Tensor {
  const accepts = rules.accepts ?? ((dtype) => dtype !== "bool");
  const { vjp, identity, fuse, lower } = rules;
  const op: (x: readonly [Tensor, Tensor], attrs: Attributes) => Tensor = defineOp<readonly [Tensor, Tensor]>({
    name,
    infer: ([x, y]) => {
      if (x.dtype !== y.dtype || !accepts(x.dtype))
        throw new ShapeError(
          `${called(name)}: wrong dtypes, got ${formatType(x)} and ${formatType(y)}, expected two of the same ${accepts("bool") ? "" : "numeric "}dtype`,
        );
      return { dtype: rules.dtype ?? x.dtype, shape: broadcastShapes(called(name), x.shape, y.shape) };
    },
    vjp: vjp && (({ x: [x, y], y: out, ct }) => vjp({ x, y, ct, out })),
    lower: (onnx, [x, y]) => (lower ? lower(onnx, x, y) : onnx.node(name, [x, y])),
    evaluate: ([x, y], _, type) => mapPairs(x, y, type, rules.evaluate),
    identity: ([x, y]) => dropBroadcasts(x, y, (p, q) => op([p, q], {})) ?? identity?.(x, y) ?? null,
    ...(fuse && {
      fuse: ([x, y]: readonly [Tensor, Tensor], _: unknown, uses: (t: Tensor) => number) => fuse(x, y, uses),
    }),
    ...(rules.simd && { simd: rules.simd }),
    elementwise: true,
  });
  return (x, y) => {
    const dtype = x instanceof Tensor ? x.dtype : y instanceof Tensor ? y.dtype : "float32";
    for (const number of [x, y])
      if (dtype === "int64" && typeof number === "number" && !Number.isInteger(number))
        throw new ShapeError(
          `${called(name)}: got ${number} beside an int64 tensor, expected a whole number or a cast`,
        );
    return op([lift(x, dtype), lift(y, dtype)], {});
  };
}

/** An operand without explicit broadcasting, which the op itself does. */
function dropBroadcasts(x: Tensor, y: Tensor, op: (x: Tensor, y: Tensor) => Tensor): Tensor | null {
  const source = (t: Tensor): Tensor => (t.op.name === "BroadcastTo" ? t.inputs[0]! : t);
  const shape = broadcastShapes("", x.shape, y.shape);
  for (const [p, q] of [
    [source(x), source(y)],
    [source(x), y],
    [x, source(y)],
  ] as const)
    if ((p !== x || q !== y) && sameShape(broadcastShapes("", p.shape, q.shape), shape)) return op(p, q);
  return null;
}

export function mapPairs(x: Value, y: Value, type: TensorType, f: (x: number, y: number) => number): Value {
  const i = broadcastIndices(x.shape, type.shape);
  const j = broadcastIndices(y.shape, type.shape);
  return { ...type, data: Float64Array.from(i, (_, k) => f(x.data[i[k]!]!, y.data[j[k]!]!)) };
}
