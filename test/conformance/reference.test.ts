import { describe, expect, test } from "vitest";
import { ShapeError, UnsupportedOpError } from "../../src/errors.ts";
import { evaluate, grad, type Tensor, value } from "../../src/graph/index.ts";
import { sum } from "../../src/ops/index.ts";
import { differenceStep, disagreement, tolerance } from "./agreement.ts";
import { cases } from "./cases.ts";
import { type Built, buildCase } from "./op-case.ts";

/** Slopes of a scalar loss by central differences of the float64 reference. */
function slopes(loss: Tensor, { wrt, leaves }: Built, x: Tensor): Float64Array {
  const held = leaves.get(x)!;
  const at = (i: number, by: number): number => {
    const moved = held.data.slice();
    moved[i]! += by;
    return evaluate([loss], new Map(leaves).set(x, value(x.dtype, x.shape, moved)))[0]!.data[0]!;
  };
  if (!wrt.includes(x)) throw new Error("slopes: not a float input");
  return held.data.map((_, i) => (at(i, differenceStep) - at(i, -differenceStep)) / (2 * differenceStep));
}

function expectSlopes(loss: Tensor, gradients: readonly Tensor[], b: Built): void {
  const analytic = evaluate(gradients, b.leaves);
  b.wrt.forEach((x, i) => {
    const numeric = { dtype: x.dtype, shape: x.shape, data: slopes(loss, b, x) };
    expect(disagreement(`gradient ${i}`, analytic[i]!, x, numeric, tolerance.differences)).toBeNull();
  });
}

describe.each(Object.entries(cases))("%s", (op, rules) => {
  for (const c of rules.cases) {
    test(`${c.name}: the shape and dtype inferred are the reference's`, () => {
      const b = buildCase(op, rules, c, 0);
      evaluate(b.values, b.leaves).forEach((v, i) => {
        expect([v.dtype, v.shape, v.data.length]).toEqual([b.values[i]!.dtype, b.values[i]!.shape, b.values[i]!.size]);
      });
    });
    const derivatives = c.derivatives ?? 2;
    const b = buildCase(op, rules, c, 2);
    if (b.loss && derivatives > 0)
      test(`${c.name}: the gradient is the slope`, () => expectSlopes(b.loss!, b.gradients, b));
    if (b.squaredGradient && derivatives > 1)
      test(`${c.name}: the gradient's gradient is its slope`, () =>
        expectSlopes(b.squaredGradient!, b.secondGradients, b));
  }
  rules.wrong.forEach((build, i) => {
    test(`refuses wrong input ${i} by name while the graph is built`, () => {
      expect(build).toThrow(ShapeError);
      expect(build).toThrow(new RegExp(`^(${[op, ...(rules.speaksAs ?? [])].join("|")}): .*(got|expected) `, "u"));
    });
  });
  if (rules.refusesGradient)
    test("has no derivative and says so", () => {
      const b = buildCase(op, rules, rules.cases[0]!, 0);
      expect(() => grad(sum(b.values[0]!), b.wrt)).toThrow(UnsupportedOpError);
      expect(() => grad(sum(b.values[0]!), b.wrt)).toThrow(/has no derivative/u);
    });
});
