import { describe, expect, test } from "vitest";
import { multiScaleSimilarity, structuralSimilarity } from "./structural-similarity.ts";

const picture = (height: number, width: number, value: (i: number, j: number) => number): Float32Array =>
  Float32Array.from({ length: height * width }, (_, at) => value(Math.floor(at / width), at % width));
const wave = (height: number, width: number): Float32Array =>
  picture(height, width, (i, j) => 0.5 + 0.5 * Math.sin(0.31 * i + 0.17 * j + 0.002 * i * j));
const other = (height: number, width: number): Float32Array =>
  picture(
    height,
    width,
    (i, j) => 0.5 + 0.4 * Math.sin(0.33 * i + 0.15 * j + 0.002 * i * j) + 0.1 * Math.cos(1.7 * i - 0.9 * j),
  );
const gray = (height: number, width: number) => ({ channels: 1, height, width });

describe("structural similarity", () => {
  // scipy 1.17.1: the published formula over signal.convolve2d(mode="valid") in float64.
  test.each([
    [20, 24, 0.8118161644672085],
    [28, 28, 0.8303288997362656],
    [179, 200, 0.26567586455059977],
  ])("agrees with scipy on %i x %i", (height, width, expected) => {
    const [found] = structuralSimilarity(wave(height, width), other(height, width), gray(height, width));
    expect(found).toBeCloseTo(expected, 9);
  });

  test("over five scales agrees with scipy", () => {
    const [found] = multiScaleSimilarity(wave(179, 200), other(179, 200), gray(179, 200));
    expect(found).toBeCloseTo(0.456659332958748, 9);
  });

  test("is 1 for equal images, and the luminance factor alone for flat ones", () => {
    const image = wave(180, 190);
    expect(structuralSimilarity(image, image, gray(180, 190))[0]).toBeCloseTo(1, 12);
    expect(multiScaleSimilarity(image, image, gray(180, 190))[0]).toBeCloseTo(1, 12);
    const flat = (value: number) => new Float32Array(144).fill(value);
    const [a, b] = [0.25, 0.75];
    expect(structuralSimilarity(flat(a), flat(b), gray(12, 12))[0]).toBeCloseTo(
      (2 * a * b + 1e-4) / (a * a + b * b + 1e-4),
      9,
    );
  });

  test("of an image and its negative is below 0; over scales that counts as 0", () => {
    const image = wave(180, 180);
    const negative = image.map((v) => 1 - v);
    expect(structuralSimilarity(image, negative, gray(180, 180))[0]).toBeLessThan(-0.5);
    expect(multiScaleSimilarity(image, negative, gray(180, 180))[0]).toBe(0);
  });

  test("gives one value per image, the mean over its channels", () => {
    const [a, b] = [wave(28, 28), other(28, 28)];
    const stacked = (...images: readonly Float32Array[]): Float32Array =>
      Float32Array.from({ length: 784 * images.length }, (_, at) => images[Math.floor(at / 784)]![at % 784]!);
    const found = structuralSimilarity(stacked(a, a, b, a), stacked(a, b, a, a), {
      channels: 2,
      height: 28,
      width: 28,
    });
    expect(found).toHaveLength(2);
    expect(found[0]).toBeCloseTo((1 + 0.8303288997362656) / 2, 9);
    expect(found[1]).toBeCloseTo(found[0]!, 12);
  });

  test("says how large images must be", () => {
    const small = new Float32Array(100);
    expect(() => structuralSimilarity(small, small, gray(10, 10))).toThrow(
      "ssim: images are too small, got 10 x 10, expected at least 11 x 11",
    );
    const digit = new Float32Array(784);
    expect(() => multiScaleSimilarity(digit, digit, gray(28, 28))).toThrow(
      "ms-ssim: images are too small, got 28 x 28, expected at least 176 x 176",
    );
    expect(() => structuralSimilarity(digit, small, gray(28, 28))).toThrow("images differ in number or size");
  });
});
