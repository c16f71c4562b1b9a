import { expect, test } from "vitest";
import { exp, mul, sin, sum } from "../ops/index.ts";
import {
  countUses,
  evaluate,
  grad,
  Input,
  substitute,
  type Tensor,
  topologicalOrder,
  value,
  Variable,
} from "./index.ts";

test("a chain of 20,000 nodes is ordered, differentiated and evaluated", () => {
  const x = new Variable([], { kind: "constant", value: 0 }, { dtype: "float64" });
  let y: Tensor = x;
  for (let i = 0; i < 20_000; i++) y = sin(y);
  const order = topologicalOrder([y]);
  expect(order.length).toBe(20_001);
  expect(order.every((t, i) => t.inputs.every((input) => order.indexOf(input, Math.max(0, i - 2)) < i))).toBe(true);
  const [v, slope] = evaluate([y, ...grad(y, [x])], new Map([[x, value("float64", [], [1])]]));
  let [expected, expectedSlope] = [1, 1];
  for (let i = 0; i < 20_000; i++) {
    expectedSlope *= Math.cos(expected);
    expected = Math.sin(expected);
  }
  expect(v!.data[0]).toBeCloseTo(expected, 12);
  expect(slope!.data[0]! / expectedSlope).toBeCloseTo(1, 10);
});

test("every reader and every root counts as a use", () => {
  const x = new Input("x", [2]);
  const y = exp(x);
  const uses = countUses([mul(y, y), y]);
  expect([uses(y), uses(x), uses(exp(y))]).toEqual([3, 1, 0]);
});

test("substitute rebuilds what depends on a node, and only that", () => {
  const [x, z] = [new Input("x", [2], "float64"), new Input("z", [2], "float64")];
  const untouched = exp(z);
  const y = sum(mul(exp(x), untouched));
  const [replaced] = substitute([y], new Map([[x, mul(z, 2)]]));
  expect(replaced).toBe(sum(mul(exp(mul(z, 2)), untouched)));
  const at = new Map<Tensor, ReturnType<typeof value>>([[z, value("float64", [2], [0.1, 0.2])]]);
  expect(evaluate([replaced!], at)[0]!.data[0]).toBeCloseTo(Math.exp(0.3) + Math.exp(0.6), 14);
  expect(() => substitute([y], new Map([[x, new Input("w", [3], "float64")]]))).toThrow(TypeError);
});
