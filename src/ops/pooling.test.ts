import { expect, test } from "vitest";
import { float64, numbersOf, sequence } from "../../test/values.ts";
import { grad, Variable, evaluate } from "../graph/index.ts";
import { averagePool, maxPool, mul, sum } from "./index.ts";

// Expected numbers: PyTorch 2.13, max_pool2d and avg_pool2d on the same sequence.
const images = sequence([1, 2, 5, 4], [11, 4, 2, 5]);

test("maxPool with padding and a rest is PyTorch's", () => {
  const y = maxPool(images, { kernel: [3, 2], stride: 2, padding: [1, 0] });
  expect(y.shape).toEqual([1, 2, 3, 2]);
  expect(numbersOf(y)).toEqual([2, 5, 5, 4, 5, 3, 5, 2, 5, 5, 4, 5]);
});

test("maxPool hands the cotangent to each window's largest element, the first at a tie, as PyTorch does", () => {
  const x = new Variable([1, 2, 5, 4], { kind: "constant", value: 0 }, { dtype: "float64" });
  const y = maxPool(x, { kernel: 2 });
  const ct = float64([1, 2, 3, 4, 5, 6, 7, 8], y.shape);
  const [xBar] = evaluate(grad(sum(mul(y, ct)), [x]), new Map([[x, evaluate([images])[0]!]]));
  expect(Array.from(xBar!.data)).toEqual([
    0, 0, 2, 0, 1, 0, 0, 0, 0, 0, 4, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 6, 0, 0, 0, 0, 0, 7, 0, 0, 8, 0, 0, 0,
    0,
  ]);
});

test("averagePool counts padding as zeros, as PyTorch does", () => {
  const y = averagePool(images, { kernel: [3, 2], stride: 2, padding: 1 });
  expect(numbersOf(mul(y, 6)).map((v) => Math.round(v) + 0)).toEqual([
    -1, 0, 1, -1, 1, 2, -4, 5, -2, 5, 1, -4, 8, -3, 0, 2, -5, 4,
  ]);
});
