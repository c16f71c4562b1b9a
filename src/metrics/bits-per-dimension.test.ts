import { expect, test } from "vitest";
import { bitsPerDimension } from "./bits-per-dimension.ts";

test("a uniform density over 256 levels takes 8 bits, whatever they are scaled by", () => {
  // On [0, 1] its nll is 0; on the cells around v / 255, 256/255 wide together, it is log(256/255) a value.
  expect(bitsPerDimension(0, { size: 784, width: 1 / 256 })).toBeCloseTo(8, 12);
  expect(bitsPerDimension(784 * Math.log(256 / 255), { size: 784, width: 1 / 255 })).toBeCloseTo(8, 12);
  expect(bitsPerDimension(3072 * Math.log(256), { size: 3072, width: 1 })).toBeCloseTo(8, 12);
});

test("a normal density in cells of a hundredth of its deviation takes log2(sqrt(2 pi e) 100) bits", () => {
  const entropy = 0.5 * Math.log(2 * Math.PI * Math.E);
  expect(bitsPerDimension(10 * entropy, { size: 10, width: 0.01 })).toBeCloseTo(2.0470955 + 6.6438562, 6);
});
