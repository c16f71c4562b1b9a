import { scalarValue, type Operand, type Tensor } from "../graph/tensor.ts";
import { isFloat, sameShape } from "../graph/shape.ts";
import { binary, unary } from "./families.ts";
import { greaterEqual, less, where } from "./comparison.ts";
import { fuseBias, fuseScale } from "./linalg.ts";
import { joinedPads } from "./movement.ts";
import { fuseAverage } from "./reduction.ts";

/** `t` as `rest * factor` with a scalar constant factor; factors are kept outermost, where products can absorb them. */
export function factored(t: Tensor): readonly [rest: Tensor, factor: number] {
  if (t.op.name === "Neg") return [t.inputs[0]!, -1];
  if (t.op.name === "Mul") {
    const factor = scalarValue(t.inputs[1]!);
    if (factor !== undefined && t.inputs[1]!.rank === 0) return [t.inputs[0]!, factor];
  }
  return [t, 1];
}

const isZero = (t: Tensor): boolean => scalarValue(t) === 0;
const isOne = (t: Tensor): boolean => scalarValue(t) === 1;
const outShape = (x: Tensor, y: Tensor): boolean => sameShape(x.shape, y.shape) || y.rank === 0;

/** x and y as a * c and b * c with a common factor c, where a and b are as large as their result. */
function commonFactor(x: Tensor, y: Tensor): readonly [a: Tensor, b: Tensor, c: Tensor] | null {
  if (x.op.name !== "Mul" || y.op.name !== "Mul" || !isFloat(x.dtype) || !sameShape(x.shape, y.shape)) return null;
  const c = x.inputs.find((t) => y.inputs.includes(t));
  if (!c) return null;
  const rest = (t: Tensor): Tensor => t.inputs[t.inputs[0] === c ? 1 : 0]!;
  const [a, b] = [rest(x), rest(y)];
  return sameShape(a.shape, x.shape) && sameShape(b.shape, x.shape) ? [a, b, c] : null;
}

/** x + y. */
export const add: (x: Operand, y: Operand) => Tensor = binary("Add", {
  evaluate: (x, y) => x + y,
  vjp: ({ ct }) => [ct, ct],
  identity: (x, y) => {
    if (isZero(y) && outShape(x, y)) return x;
    if (isZero(x) && outShape(y, x)) return y;
    // The derivative of a square is a sum of two equal halves.
    if (x === y && isFloat(x.dtype)) return mul(x, 2);
    // a*c + b*c -> (a + b)*c and a*c - b*c -> (a - b)*c: one pass over memory instead of two or three
    const [a, c] = factored(x);
    const [b, d] = factored(y);
    if (
      isFloat(x.dtype) &&
      sameShape(a.shape, b.shape) &&
      Math.abs(c) === Math.abs(d) &&
      (c !== 1 || d !== 1) &&
      (a !== x || b !== y)
    ) {
      if (c === d) return mul(add(a, b), c);
      return c > 0 ? mul(sub(a, b), c) : mul(sub(b, a), d);
    }
    const common = commonFactor(x, y);
    if (common) return mul(add(common[0], common[1]), common[2]);
    return joinedPads(x, y);
  },
  fuse: (x, y, uses) => fuseBias(x, y, uses) ?? fuseBias(y, x, uses),
  simd: "f32x4.add",
});

/** x - y. */
export const sub: (x: Operand, y: Operand) => Tensor = binary("Sub", {
  evaluate: (x, y) => x - y,
  vjp: ({ ct }) => [ct, neg(ct)],
  identity: (x, y) => {
    if (isZero(y) && outShape(x, y)) return x;
    if (isZero(x) && outShape(y, x)) return neg(y);
    const [a, c] = factored(x);
    const [b, d] = factored(y);
    if (
      isFloat(x.dtype) &&
      sameShape(a.shape, b.shape) &&
      Math.abs(c) === Math.abs(d) &&
      (c !== 1 || d !== 1) &&
      (a !== x || b !== y)
    ) {
      if (c === d) return mul(sub(a, b), c);
      return mul(add(a, b), c);
    }
    const common = commonFactor(x, y);
    return common && mul(sub(common[0], common[1]), common[2]);
  },
  simd: "f32x4.sub",
});

/** x * y. */
export const mul: (x: Operand, y: Operand) => Tensor = binary("Mul", {
  evaluate: (x, y) => x * y,
  vjp: ({ x, y, ct }) => [mul(ct, y), mul(ct, x)],
  identity: (x, y) => {
    if (isOne(y) && outShape(x, y)) return x;
    if (isOne(x) && outShape(y, x)) return y;
    if (scalarValue(x) !== undefined && x.rank === 0 && scalarValue(y) === undefined) return mul(y, x);
    if (!isFloat(x.dtype)) return null;
    // Scalars move outwards and merge: (a * c) * (b * d) -> (a * b) * (c d).
    const scalar = y.rank === 0 ? scalarValue(y) : undefined;
    const [a, c] = factored(x);
    if (scalar !== undefined) {
      if (scalar === -1 && a === x) return neg(x);
      return a === x ? null : mul(a, c * scalar);
    }
    const [b, d] = factored(y);
    return a === x && b === y ? null : mul(mul(a, b), c * d);
  },
  fuse: (x, y, uses) => {
    const factor = y.rank === 0 ? scalarValue(y) : undefined;
    return factor === undefined ? null : (fuseScale(x, factor, uses) ?? fuseAverage(x, factor, uses));
  },
  simd: "f32x4.mul",
});

/** x / y. Dividing by a constant multiplies by its reciprocal. */
export const div: (x: Operand, y: Operand) => Tensor = binary("Div", {
  evaluate: (x, y) => x / y,
  accepts: isFloat,
  vjp: ({ y, ct, out }) => [div(ct, y), neg(mul(div(ct, y), out))],
  identity: (x, y) => {
    const c = scalarValue(y);
    if (c !== undefined && c !== 0 && outShape(x, y)) return mul(x, 1 / c);
    const [a, factor] = factored(x);
    return a === x ? null : mul(div(a, y), factor);
  },
  simd: "f32x4.div",
});

/** -x. */
export const neg: (x: Tensor) => Tensor = unary("Neg", {
  evaluate: (x) => -x,
  accepts: (dtype) => dtype !== "bool",
  vjp: ({ ct }) => neg(ct),
  identity: (x) => {
    if (x.op.name === "Sub") return sub(x.inputs[1]!, x.inputs[0]!);
    const [a, c] = factored(x);
    return a === x ? null : mul(a, -c);
  },
  simd: "f32x4.neg",
});

/** x to the power y. For x < 0 only constant integer powers are defined; the derivative in y needs x > 0. */
export const pow: (x: Operand, y: Operand) => Tensor = binary("Pow", {
  evaluate: (x, y) => x ** y,
  accepts: isFloat,
  vjp: ({ x, y, ct, out }) => [
    mul(ct, mul(y, pow(x, sub(y, 1)))),
    scalarValue(y) === undefined ? mul(ct, mul(out, log(x))) : null,
  ],
  identity: (x, y) => {
    const p = scalarValue(y);
    if (p === undefined || !outShape(x, y)) return null;
    if (p === 1) return x;
    if (p === 2) return mul(x, x);
    if (p === 0.5) return sqrt(x);
    if (p === -1) return reciprocal(x);
    return null;
  },
});

/** Maximum of x and y; at a tie the derivative goes to x. */
export const maximum: (x: Operand, y: Operand) => Tensor = binary("Max", {
  evaluate: (x, y) => Math.max(x, y),
  vjp: ({ x, y, ct }) => [where(greaterEqual(x, y), ct, 0), where(greaterEqual(x, y), 0, ct)],
  simd: "f32x4.max",
});

/** Minimum of x and y; at a tie the derivative goes to x. */
export const minimum: (x: Operand, y: Operand) => Tensor = binary("Min", {
  evaluate: (x, y) => Math.min(x, y),
  vjp: ({ x, y, ct }) => [where(greaterEqual(y, x), ct, 0), where(greaterEqual(y, x), 0, ct)],
  simd: "f32x4.min",
});

/** |x|; its derivative at 0 is taken as 1. */
export const abs: (x: Tensor) => Tensor = unary("Abs", {
  evaluate: Math.abs,
  accepts: (dtype) => dtype !== "bool",
  vjp: ({ x, ct }) => where(less(x, 0), neg(ct), ct),
  simd: "f32x4.abs",
});

/** Square root. */
export const sqrt: (x: Tensor) => Tensor = unary("Sqrt", {
  evaluate: Math.sqrt,
  vjp: ({ y, ct }) => mul(div(ct, y), 0.5),
  simd: "f32x4.sqrt",
});

/** 1 / x. */
export const reciprocal: (x: Tensor) => Tensor = unary("Reciprocal", {
  evaluate: (x) => 1 / x,
  vjp: ({ y, ct }) => neg(mul(ct, mul(y, y))),
});

/** Natural logarithm. */
export const log: (x: Tensor) => Tensor = unary("Log", { evaluate: Math.log, vjp: ({ x, ct }) => div(ct, x) });

/** x^2. */
export const square = (x: Tensor): Tensor => mul(x, x);

/** x clamped to [low, high]; the derivative is 1 inside and 0 outside. */
export const clamp = (x: Tensor, low: number, high: number): Tensor => minimum(maximum(x, low), high);
