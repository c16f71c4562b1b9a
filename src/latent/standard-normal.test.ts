import { expect, test } from "vitest";
import { independent } from "../distributions/independent.ts";
import { Laplace } from "../distributions/laplace.ts";
import { Normal } from "../distributions/normal.ts";
import { constant, Variable } from "../graph/tensor.ts";
import { isStandardNormal, standardNormal } from "./standard-normal.ts";

test("is the density of N(0, I)", () => {
  const [origin, away] = standardNormal(3).logProb(Float32Array.of(0, 0, 0, 1, -2, 2));
  expect(origin).toBeCloseTo(-1.5 * Math.log(2 * Math.PI), 14);
  expect(away).toBeCloseTo(-1.5 * Math.log(2 * Math.PI) - 4.5, 14);
});

const zeros = constant(0).broadcastTo([4, 3]);
test.each([
  ["N(0, I)", true, independent(new Normal(zeros, 1), 1)],
  ["N(0, I) by its log variance", true, independent(new Normal(zeros, { logVar: constant(0) }), 1)],
  ["N(1, I)", false, independent(new Normal(zeros.add(1), 1), 1)],
  ["N(0, 4 I)", false, independent(new Normal(zeros, 2), 1)],
  ["a learned mean", false, independent(new Normal(new Variable([4, 3], { kind: "constant", value: 0 }), 1), 1)],
  ["another family", false, independent(new Laplace(zeros, 1), 1)],
  ["nothing", false, undefined],
])("%s: %s", (_, expected, distribution) => {
  expect(isStandardNormal(distribution)).toBe(expected);
});
