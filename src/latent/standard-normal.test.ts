import { expect, test } from "vitest";
import { standardNormal } from "./standard-normal.ts";

test("is the density of N(0, I)", () => {
  const [origin, away] = standardNormal(3).logProb(Float32Array.of(0, 0, 0, 1, -2, 2));
  expect(origin).toBeCloseTo(-1.5 * Math.log(2 * Math.PI), 14);
  expect(away).toBeCloseTo(-1.5 * Math.log(2 * Math.PI) - 4.5, 14);
});
