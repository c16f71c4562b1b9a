import { describe, expect, test } from "vitest";
import { float64, numbersOf } from "../../test/values.ts";
import { UnsupportedOpError } from "../errors.ts";
import { evaluate, grad, type Tensor, value, Variable } from "../graph/index.ts";
import { ceil, erf, floor, gelu, mul, round, sign, stopGradient, straightThrough, sum } from "./index.ts";

const x = new Variable([3], { kind: "constant", value: 0 }, { dtype: "float64" });
const slopeAt = (y: Tensor, at: readonly number[]): number[] =>
  Array.from(evaluate(grad(sum(y), [x]), new Map([[x, value("float64", [3], at)]]))[0]!.data);

test("erf is right to 15 digits on both of its branches (PyTorch 2.13, float64)", () => {
  const known = [
    [-3.5, -0.9999992569016276],
    [-3, -0.9999779095030014],
    [-2.9, -0.9999589021219005],
    [-1, -0.8427007929497149],
    [-0.1, -0.1124629160182849],
    [1e-8, 1.1283791670955126e-8],
    [0, 0],
    [0.5, 0.5204998778130465],
    [2, 0.9953222650189527],
    [4.5, 0.9999999998033839],
  ] as const;
  numbersOf(erf(float64(known.map(([at]) => at)))).forEach((v, i) => expect(v).toBeCloseTo(known[i]![1], 15));
});

test("gelu uses the exact Gaussian cdf (PyTorch 2.13, float64)", () => {
  const expected = [-0.00404969409489031, -0.15865525393145702, 0, 0.34573123063700656, 1.9544997361036416];
  numbersOf(gelu(float64([-3, -1, 0, 0.5, 2]))).forEach((v, i) => expect(v).toBeCloseTo(expected[i]!, 14));
});

test("round takes halves to even", () => {
  expect(numbersOf(round(float64([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5]))).map((v) => v + 0)).toEqual([-2, -2, 0, 0, 2, 2]);
});

describe("what has no derivative", () => {
  test.each([
    ["Floor", floor],
    ["Ceil", ceil],
    ["Round", round],
    ["Sign", sign],
  ])("%s says so and says what to do", (name, op) => {
    expect(() => grad(sum(op(x)), [x])).toThrow(UnsupportedOpError);
    expect(() => grad(sum(op(x)), [x])).toThrow(`grad: ${name} has no derivative`);
  });
  test("stopGradient passes values and no derivative", () => {
    expect(slopeAt(mul(x, stopGradient(x)), [1, 2, 3])).toEqual([1, 2, 3]);
    expect(slopeAt(stopGradient(floor(x)), [1, 2, 3])).toEqual([0, 0, 0]);
  });
  test("straightThrough has the values of one and the derivative of the other", () => {
    const y = straightThrough(round(x), mul(x, x));
    const at = value("float64", [3], [0.4, 1.2, -2.7]);
    expect(Array.from(evaluate([y], new Map([[x, at]]))[0]!.data, (v) => Math.round(v * 1e9) / 1e9)).toEqual([
      0, 1, -3,
    ]);
    expect(slopeAt(y, [0.4, 1.2, -2.7])).toEqual([0.8, 2.4, -5.4]);
  });
});
