import { ShapeError } from "../errors.ts";
import { broadcastShapes, type DType, formatType, isFloat } from "../graph/shape.ts";
import { defineOp, lift, type Operand, Tensor } from "../graph/tensor.ts";
import { broadcastIndices } from "../graph/value.ts";
import { binary, unary } from "./families.ts";

const compare = (
  name: string,
  evaluate: (x: number, y: number) => boolean,
  simd?: "f32x4.eq" | "f32x4.lt" | "f32x4.gt" | "f32x4.le" | "f32x4.ge",
) => binary(name, { evaluate: (x, y) => Number(evaluate(x, y)), vjp: null, dtype: "bool", ...(simd && { simd }) });

/** x = y, as bool. */
export const equal: (x: Operand, y: Operand) => Tensor = compare("Equal", (x, y) => x === y, "f32x4.eq");
/** x < y, as bool. */
export const less: (x: Operand, y: Operand) => Tensor = compare("Less", (x, y) => x < y, "f32x4.lt");
/** x > y, as bool. */
export const greater: (x: Operand, y: Operand) => Tensor = compare("Greater", (x, y) => x > y, "f32x4.gt");
/** x <= y, as bool. */
export const lessEqual: (x: Operand, y: Operand) => Tensor = compare("LessOrEqual", (x, y) => x <= y, "f32x4.le");
/** x >= y, as bool. */
export const greaterEqual: (x: Operand, y: Operand) => Tensor = compare("GreaterOrEqual", (x, y) => x >= y, "f32x4.ge");

const isBool = (dtype: DType): boolean => dtype === "bool";
/** Logical and of bools. */
export const and: (x: Operand, y: Operand) => Tensor = binary("And", {
  evaluate: (x, y) => x * y,
  vjp: null,
  accepts: isBool,
  simd: "v128.and",
});
/** Logical or of bools. */
export const or: (x: Operand, y: Operand) => Tensor = binary("Or", {
  evaluate: (x, y) => Math.max(x, y),
  vjp: null,
  accepts: isBool,
  simd: "v128.or",
});
/** Logical not of a bool. */
export const not: (x: Tensor) => Tensor = unary("Not", {
  evaluate: (x) => 1 - x,
  vjp: null,
  accepts: isBool,
  simd: "v128.not",
});
/** x != y, as bool. */
export const notEqual = (x: Operand, y: Operand): Tensor => not(equal(x, y));
/** Whether x is NaN, as bool. */
export const isNaN: (x: Tensor) => Tensor = unary("IsNaN", {
  evaluate: (x) => Number(Number.isNaN(x)),
  vjp: null,
  dtype: "bool",
});

const whereOp = defineOp<readonly [Tensor, Tensor, Tensor]>({
  name: "Where",
  infer: ([c, x, y]) => {
    if (c.dtype !== "bool" || x.dtype !== y.dtype)
      throw new ShapeError(
        `where: wrong dtypes, got ${formatType(c)}, ${formatType(x)} and ${formatType(y)}, expected bool and two of one dtype`,
      );
    return { dtype: x.dtype, shape: broadcastShapes("where", c.shape, broadcastShapes("where", x.shape, y.shape)) };
  },
  vjp: ({ x: [c], ct }) => [null, where(c, ct, 0), where(c, 0, ct)],
  lower: (onnx, x) => onnx.node("Where", x),
  evaluate: ([c, x, y], _, type) => {
    const [i, j, k] = [c, x, y].map((v) => broadcastIndices(v.shape, type.shape)) as [
      Int32Array,
      Int32Array,
      Int32Array,
    ];
    return { ...type, data: Float64Array.from(i, (_, n) => (c.data[i[n]!] ? x.data[j[n]!]! : y.data[k[n]!]!)) };
  },
  identity: ([, x, y]) => (x === y ? x : null),
  simd: "v128.bitselect",
  elementwise: true,
});
/** x where the condition holds, y elsewhere; broadcasts. */
export function where(condition: Tensor, x: Operand, y: Operand): Tensor {
  const dtype = x instanceof Tensor ? x.dtype : y instanceof Tensor ? y.dtype : "float32";
  return whereOp([condition, lift(x, dtype), lift(y, dtype)], {});
}

const onnxDType = { float32: 1, float64: 11, int64: 7, bool: 9 } as const;
const castOp = defineOp<readonly [Tensor], { to: DType }>({
  name: "Cast",
  elementwise: true,
  infer: ([x], { to }) => ({ dtype: to, shape: x.shape }),
  // A cast between floats is the identity; to or from integers and bools it is piecewise constant, with derivative 0.
  vjp: ({ x: [x], y, ct }) => [isFloat(x.dtype) && isFloat(y.dtype) ? cast(ct, x.dtype) : null],
  lower: (onnx, x, { attrs }) => onnx.node("Cast", x, { to: onnxDType[attrs.to] }),
  evaluate: ([x], { to }) => ({
    dtype: to,
    shape: x.shape,
    data:
      to === "int64"
        ? x.data.map(Math.trunc)
        : to === "bool"
          ? x.data.map((v) => Number(v !== 0))
          : to === "float32"
            ? x.data.map(Math.fround)
            : x.data,
  }),
  identity: ([x], { to }) => (x.dtype === to ? x : null),
});
/** Cast to another dtype: to int64 it truncates, to bool non-zero is true. */
export const cast = (x: Tensor, to: DType): Tensor => castOp([x], { to });
