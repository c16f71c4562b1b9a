import { expect, test } from "vitest";
import { meanSquaredError, psnr } from "./psnr.ts";

const clean = Float32Array.of(0, 0.5, 1, 0.25);

test("the mean squared error is that of a value", () => {
  expect(meanSquaredError(clean, Float32Array.of(1, 0.5, 0, 0.25))).toBe(0.5);
});

test("PSNR is 20 dB for an error of a tenth of the range, and infinite for none", () => {
  expect(psnr(clean.map((v) => v + 0.125) as Float32Array, clean)).toBeCloseTo(20 * Math.log10(8), 10);
  expect(psnr(clean, clean)).toBe(Infinity);
});
