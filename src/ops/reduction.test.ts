import { describe, expect, test } from "vitest";
import { float64, numbersOf } from "../../test/values.ts";
import { constant, grad, Variable, evaluate } from "../graph/index.ts";
import { cumsum, logSoftmax, logSumExp, prod, variance } from "./index.ts";

// Expected numbers: PyTorch 2.13 in float64.
describe("logSumExp", () => {
  test("is PyTorch's and does not overflow", () => {
    const x = float64([1, 2, 3, -1000, -1000.5, -2000, 1000, 1001, 999], [3, 3]);
    const expected = [3.4076059644443806, -999.5259230158199, 1001.4076059644444];
    numbersOf(logSumExp(x, 1)).forEach((v, i) => expect(v).toBeCloseTo(expected[i]!, 12));
  });
  test("of nothing but minus infinity is minus infinity", () => {
    expect(numbersOf(logSumExp(float64([-Infinity, -Infinity])))).toEqual([-Infinity]);
  });
});

test("logSoftmax is PyTorch's and does not overflow", () => {
  const x = float64([1, 2, 3, 1000, 1001, 999], [2, 3]);
  const expected = [-2.4076059644443806, -1.4076059644443804, -0.4076059644443804];
  const shifted = [expected[1], expected[2], expected[0]];
  numbersOf(logSoftmax(x)).forEach((v, i) => expect(v).toBeCloseTo([...expected, ...shifted][i]!, 12));
});

test("cumsum exclusive and reversed leaves out the element itself and all before it", () => {
  const x = float64([3, 1, 2, 5, 0, -1, 4, 4], [2, 4]);
  expect(numbersOf(cumsum(x, 1, { exclusive: true, reverse: true }))).toEqual([8, 7, 5, 0, 7, 8, 4, 0]);
});

test("prod has its exact derivative at a zero", () => {
  const x = new Variable([4], { kind: "constant", value: 0 });
  const [xBar] = evaluate(grad(prod(x), [x]), new Map([[x, evaluate([constant([2, 0, 3, 4], [4])])[0]!]]));
  expect(Array.from(xBar!.data)).toEqual([0, 24, 0, 0]);
});

test("variance divides by n", () => {
  const expected = [14 / 9, 8 / 9];
  numbersOf(variance(float64([1, 2, 4, 7, 7, 9], [2, 3]), 1)).forEach((v, i) =>
    expect(v).toBeCloseTo(expected[i]!, 12),
  );
});
