import { ShapeError } from "../errors.ts";
import type { OnnxEmitter } from "../graph/op.ts";
import { type DType, formatType, isFloat } from "../graph/shape.ts";
import { type Tensor, defineOp } from "../graph/tensor.ts";
import { add, mul, neg, square, sub } from "./arithmetic.ts";
import { greater, where } from "./comparison.ts";
import { unary } from "./families.ts";

/** e^x. */
export const exp: (x: Tensor) => Tensor = unary("Exp", { evaluate: Math.exp, vjp: ({ y, ct }) => mul(ct, y) });
/** Sine. */
export const sin: (x: Tensor) => Tensor = unary("Sin", { evaluate: Math.sin, vjp: ({ x, ct }) => mul(ct, cos(x)) });
/** Cosine. */
export const cos: (x: Tensor) => Tensor = unary("Cos", {
  evaluate: Math.cos,
  vjp: ({ x, ct }) => neg(mul(ct, sin(x))),
});
/** Hyperbolic tangent. */
export const tanh: (x: Tensor) => Tensor = unary("Tanh", {
  evaluate: Math.tanh,
  vjp: ({ y, ct }) => mul(ct, sub(1, square(y))),
});
/** 1 / (1 + e^-x). */
export const sigmoid: (x: Tensor) => Tensor = unary("Sigmoid", {
  evaluate: (x) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x))),
  vjp: ({ y, ct }) => mul(ct, mul(y, sub(1, y))),
});
/** log(1 + e^x), without overflow. */
export const softplus: (x: Tensor) => Tensor = unary("Softplus", {
  evaluate: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
  vjp: ({ x, ct }) => mul(ct, sigmoid(x)),
  lower: (onnx, x, type) => {
    // ONNX Runtime's CPU kernel takes 4.9 ns per element and does not support float64; max(x, 0) + log(1 + e^-|x|) takes 1.5 and is accurate to one
    // unit in the last place of the sum (6e-8 absolute in float32).
    if (onnx.target.kind !== "cpu" && onnx.target.kind !== "wasm") return onnx.node("Softplus", [x]);
    const decay = onnx.node("Exp", [onnx.node("Neg", [onnx.node("Abs", [x])])]);
    return onnx.node("Add", [
      onnx.node("Relu", [x]),
      onnx.node("Log", [onnx.node("Add", [decay, onnx.scalar(type.dtype, 1)])]),
    ]);
  },
});
/** max(x, 0); its derivative at 0 is 0. */
export const relu: (x: Tensor) => Tensor = unary("Relu", {
  evaluate: (x) => Math.max(x, 0),
  vjp: ({ y, ct }) => mul(ct, positive(y)),
});
const positiveOp = defineOp<readonly [Tensor]>({
  name: "Positive",
  elementwise: true,
  infer: ([x]) => {
    if (!isFloat(x.dtype)) throw new ShapeError(`positive: wrong dtype, got ${formatType(x)}, expected a float tensor`);
    return x;
  },
  vjp: () => [null],
  lower: (onnx, [x], { type }) => {
    // On the CPU the ramp min(max(3e38 x, 0), 1) is the mask for every normal float32, in one vectorized pass: 0.3 ns per element, where Greater and
    // Cast take 1.
    const { kind } = onnx.target;
    if (type.dtype === "float32" && (kind === "cpu" || kind === "wasm"))
      return onnx.node("HardSigmoid", [x], { alpha: { float: 3e38 }, beta: { float: 0 } });
    const mask = onnx.node("Greater", [x, onnx.scalar(type.dtype, 0)]);
    return onnx.node("Cast", [mask], { to: type.dtype === "float64" ? 11 : 1 });
  },
  evaluate: ([x]) => ({ ...x, data: x.data.map((v) => Number(v > 0)) }),
});
/** 1 where x > 0, else 0, as a float mask; piecewise constant, so without derivative. */
export const positive = (x: Tensor): Tensor => positiveOp([x], {});

/** x for x > 0, slope * x otherwise. */
export const leakyRelu = (x: Tensor, slope = 0.01): Tensor => where(greater(x, 0), x, mul(x, slope));
/** x for x > 0, alpha (e^x - 1) otherwise. */
export const elu = (x: Tensor, alpha = 1): Tensor => add(relu(x), mul(sub(exp(neg(relu(neg(x)))), 1), alpha));
/** x sigmoid(x); its derivative is s + y (1 - s) with s = sigmoid(x). */
export const silu: (x: Tensor) => Tensor = unary("Silu", {
  evaluate: (x) => x / (1 + Math.exp(-x)),
  vjp: ({ x, y, ct }) => {
    const s = sigmoid(x);
    return mul(ct, add(mul(s, sub(1, y)), y));
  },
  lower: (onnx, x) => onnx.node("Mul", [x, onnx.node("Sigmoid", [x])]),
});
/** x Phi(x), with the exact Gaussian cdf (Hendrycks & Gimpel, arXiv:1606.08415); its derivative is Phi(x) + x phi(x). */
export const gelu: (x: Tensor) => Tensor = unary("Gelu", {
  evaluate: (x) => (x * (1 + erfOf(x * Math.SQRT1_2))) / 2,
  vjp: ({ x, ct }) => {
    const u = mul(x, Math.SQRT1_2);
    // x phi(x) = u e^(-u^2) / sqrt pi, its constant in the exponent.
    return mul(ct, add(gaussianCdf(x), mul(u, exp(sub(-Math.log(Math.PI) / 2, square(u))))));
  },
  lower: (onnx, x, { dtype }) => onnx.node("Mul", [x, lowerGaussianCdf(onnx, x, dtype)]),
  float64: false,
});
const gaussianCdf: (x: Tensor) => Tensor = unary("GaussianCdf", {
  evaluate: (x) => (1 + erfOf(x * Math.SQRT1_2)) / 2,
  vjp: ({ x, ct }) => mul(ct, mul(exp(mul(square(x), -0.5)), 1 / Math.sqrt(2 * Math.PI))),
  lower: (onnx, x, { dtype }) => lowerGaussianCdf(onnx, x, dtype),
  float64: false,
});
/** (erf(x / sqrt 2) + 1) / 2 in three passes: its last one is the ramp through (-1, 0) and (1, 1). */
function lowerGaussianCdf(onnx: OnnxEmitter, x: string, dtype: DType): string {
  const erf = onnx.node("Erf", [onnx.node("Mul", [x, onnx.scalar(dtype, Math.SQRT1_2)])]);
  return onnx.node("HardSigmoid", [erf], { alpha: { float: 0.5 }, beta: { float: 0.5 } });
}

/** The error function, 2/sqrt(pi) * integral of e^(-t^2) from 0 to x. */
export const erf: (x: Tensor) => Tensor = unary("Erf", {
  evaluate: erfOf,
  vjp: ({ x, ct }) => mul(mul(ct, exp(neg(square(x)))), 2 / Math.sqrt(Math.PI)),
  float64: false,
});

/** Series 7.6.2 of DLMF up to 3, continued fraction 7.9.1 beyond: both to float64 accuracy. */
function erfOf(x: number): number {
  const z = Math.abs(x);
  if (Number.isNaN(x)) return x;
  if (z > 6) return Math.sign(x);
  if (z < 3) {
    let term = x;
    let total = x;
    for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(total); n++) {
      term *= (2 * x * x) / (2 * n + 1);
      total += term;
    }
    return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * total;
  }
  let fraction = z;
  for (let k = 60; k >= 1; k--) fraction = z + k / 2 / fraction;
  return Math.sign(x) * (1 - Math.exp(-z * z) / (Math.sqrt(Math.PI) * fraction));
}

/** The largest integer not above x. No derivative: see straightThrough. */
export const floor: (x: Tensor) => Tensor = unary("Floor", { evaluate: Math.floor, vjp: null });
/** The smallest integer not below x. No derivative: see straightThrough. */
export const ceil: (x: Tensor) => Tensor = unary("Ceil", { evaluate: Math.ceil, vjp: null });
/** The nearest integer, halves to even. No derivative: see straightThrough. */
export const round: (x: Tensor) => Tensor = unary("Round", {
  evaluate: (x) => (Math.abs(x % 1) === 0.5 ? 2 * Math.round(x / 2) : Math.round(x)),
  vjp: null,
});
/** -1, 0 or 1. No derivative: see straightThrough. */
export const sign: (x: Tensor) => Tensor = unary("Sign", { evaluate: Math.sign, vjp: null });

const stopGradientOp = defineOp<readonly [Tensor]>({
  name: "StopGradient",
  elementwise: true,
  infer: ([x]) => x,
  vjp: () => [null],
  lower: (_, [x]) => x,
  evaluate: ([x]) => x,
  identity: ([x]) => (x.inputs.length === 0 && x.op.name === "Constant" ? x : null),
});
/** The same values, without gradient. */
export const stopGradient = (x: Tensor): Tensor => stopGradientOp([x], {});

/** The values of `value` with the derivative of `x` (Bengio et al. 2013, arXiv:1308.3432). */
export const straightThrough = (value: Tensor, x: Tensor): Tensor => add(x, stopGradient(sub(value, x)));
