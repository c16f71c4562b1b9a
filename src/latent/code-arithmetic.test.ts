import { expect, test } from "vitest";
import { analogy, classMeans } from "./code-arithmetic.ts";

test("class means are the means of their codes", () => {
  const means = classMeans(Float32Array.of(1, 2, 3, 4, 5, 6, 7, 0), [0, 2, 0, 2], 3);
  expect([...means]).toEqual([3, 4, Number.NaN, Number.NaN, 5, 2]);
});

test("what a is to b, the result is to c", () => {
  const [a, b, c] = [Float32Array.of(1, 2, 3), Float32Array.of(0.5, 0, 5), Float32Array.of(-1, 1, 10)];
  const result = analogy([a, b, c]);
  result.forEach((value, i) => expect(value - c[i]!).toBeCloseTo(a[i]! - b[i]!, 6));
  expect(analogy([a, b, c], 0)).toEqual(c);
  expect(analogy([a, b, b])).toEqual(a);
  expect(analogy([a, a, c])).toEqual(c);
});
