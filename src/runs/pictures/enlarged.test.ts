import { expect, test } from "vitest";
import { enlarged } from "./enlarged.ts";

test("pixels become blocks, of each plane by itself", () => {
  const found = enlarged(Float32Array.of(1, 2, 3, 4), [2, 1, 2], [2, 2, 4]);
  expect(Array.from(found)).toEqual([1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4]);
});

test("rows and columns by their own factor", () => {
  expect(Array.from(enlarged(Float32Array.of(1, 2), [1, 2, 1], [1, 2, 3]))).toEqual([1, 1, 1, 2, 2, 2]);
});
