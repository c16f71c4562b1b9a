import { describe, expect, test } from "vitest";
import { exp, matmul, mul, sigmoid, softplus, sub, sum, tanh } from "../ops/index.ts";
import { ShapeError } from "../errors.ts";
import { constant, evaluate, grad, Input, print, type Tensor, type Value, value, Variable, vjp } from "./index.ts";

const held = (t: Tensor, ...numbers: number[]): [Tensor, Value] => [t, value(t.dtype, t.shape, numbers)];

describe("grad", () => {
  test("of a linear layer with the Bernoulli negative log-likelihood, as a graph", () => {
    const x = new Input("x", [4, 3]);
    const target = new Input("target", [4, 2]);
    const w = new Variable([3, 2], { kind: "constant", value: 0 });
    const b = new Variable([2], { kind: "constant", value: 0 });
    const logits = matmul(x, w).add(b);
    const nll = sum(sub(softplus(logits), mul(logits, target))).div(4);
    const names = new Map<Tensor, string>([
      [w, "w"],
      [b, "b"],
    ]);
    expect(print(grad(nll, [w, b]), names)).toMatchInlineSnapshot(`
      "x: float32[4,3] = input
      %1: float32[3,4] = Transpose(x, permutation=[1,0])
      w: float32[3,2] = variable
      %3: float32[4,2] = MatMul(x, w)
      b: float32[2] = variable
      %5: float32[4,2] = Add(%3, b)
      %6: float32[4,2] = Sigmoid(%5)
      target: float32[4,2] = input
      %8: float32[4,2] = Sub(%6, target)
      %9: float32[3,2] = MatMul(%1, %8)
      %10: float32[3,2] = Mul(%9, 0.25)
      %11: float32[2] = ReduceSum(%8, axes=[0], keepDims=false)
      %12: float32[2] = Mul(%11, 0.25)
      return %10, %12"
    `);
  });

  test("is zero for what the loss does not depend on", () => {
    const a = new Variable([2], { kind: "constant", value: 0 });
    const b = new Variable([3], { kind: "constant", value: 0 });
    const [, bBar] = grad(sum(mul(a, a)), [a, b]);
    expect(bBar!.shape).toEqual([3]);
    expect(Array.from(evaluate([bBar!])[0]!.data)).toEqual([0, 0, 0]);
  });

  test("sums over every path to a variable", () => {
    const a = new Variable([], { kind: "constant", value: 0 }, { dtype: "float64" });
    const loss = mul(a, a).add(exp(a)).sub(mul(a, 3));
    const [aBar] = evaluate(grad(loss, [a]), new Map([held(a, 0.5)]));
    expect(aBar!.data[0]).toBeCloseTo(1 + Math.exp(0.5) - 3, 14);
  });

  test("nests: the derivatives of tanh up to the third", () => {
    const a = new Variable([], { kind: "constant", value: 0 }, { dtype: "float64" });
    let y = tanh(a);
    const derivatives = Array.from({ length: 3 }, () => ([y] = grad(y, [a]) as [Tensor]) && y);
    const t = Math.tanh(0.3);
    const s = 1 - t * t;
    const got = evaluate(derivatives, new Map([held(a, 0.3)])).map((v) => v.data[0]!);
    [s, -2 * t * s, (6 * t * t - 2) * s].forEach((v, i) => expect(got[i]).toBeCloseTo(v, 13));
  });

  test("undoes broadcasting, whichever axes were repeated", () => {
    const a = new Variable([2, 1], { kind: "constant", value: 0 }, { dtype: "float64" });
    const b = new Input("b", [4, 2, 3], "float64");
    const values = Float64Array.from({ length: 24 }, (_, i) => i);
    const [aBar] = evaluate(
      grad(sum(mul(a, b)), [a]),
      new Map([held(a, 1, 2), [b, value("float64", [4, 2, 3], values)]]),
    );
    const rows = [0, 1].map((r) => values.filter((_, i) => Math.floor(i / 3) % 2 === r).reduce((s, v) => s + v, 0));
    expect(aBar!.shape).toEqual([2, 1]);
    expect(Array.from(aBar!.data)).toEqual(rows);
  });

  test("takes a scalar, or cotangents", () => {
    const a = new Variable([2], { kind: "constant", value: 0 }, { dtype: "float64" });
    expect(() => grad(sigmoid(a), [a])).toThrow(ShapeError);
    const [aBar] = evaluate(vjp([mul(a, a)], [constant([1, 10], [2], "float64")], [a]), new Map([held(a, 3, 4)]));
    expect(Array.from(aBar!.data)).toEqual([6, 80]);
  });
});
