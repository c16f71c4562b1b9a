import { describe, expect, test } from "vitest";
import { float64, numbersOf, sequence } from "../../test/values.ts";
import { conv, depthToSpace, resizeBilinear, resizeNearest, spaceToDepth, upsampleConv } from "./index.ts";

// Expected numbers: PyTorch 2.13, interpolate (align_corners=False), pixel_unshuffle and pixel_shuffle.
const image = sequence([1, 1, 2, 3], [11, 4, 2, 5]);
const counting = (...shape: number[]) =>
  float64(
    Array.from({ length: 16 }, (_, i) => i),
    shape,
  );

describe("resizeBilinear", () => {
  test("twofold is PyTorch's", () => {
    expect(numbersOf(resizeBilinear(image, { scale: 2 }))).toEqual([
      -3, -2, 0, 2, 4, 5, -2.75, -1.75, 0.25, 1.5625, 2.1875, 2.5, -2.25, -1.25, 0.75, 0.6875, -1.4375, -2.5, -2, -1, 1,
      0.25, -3.25, -5,
    ]);
  });
  test("down along one axis and up along the other is PyTorch's", () => {
    const y = resizeBilinear(sequence([1, 1, 4, 3], [11, 4, 2, 5]), { size: [3, 5] });
    expect(numbersOf(y).map((v) => Math.round(v * 30))).toEqual(
      [
        -2.833333333333, -1.233333333333, 1.166666666667, 2.466666666667, 3.333333333333, -1.5, 0.1, 2.5, -1.7, -4.5,
        -0.166666666667, 1.433333333333, 3.833333333333, -0.366666666667, -3.166666666667,
      ].map((v) => Math.round(v * 30)),
    );
  });
});

test("smoothed, what shrinks is PyTorch's, and what grows is not smoothed", () => {
  const x = float64(
    Array.from({ length: 30 }, (_, i) => Math.sin(1.3 * i) + 0.1 * i),
    [1, 1, 5, 6],
  );
  const smoothed = numbersOf(resizeBilinear(x, { size: [3, 2] }, { antialias: true }));
  // interpolate(x, size=(3, 2), mode="bilinear", antialias=True)
  [
    0.641890720177909, 0.4593952581462689, 1.094924997807154, 1.805029285495466, 2.440820318942534, 2.257979683910903,
  ].forEach((expected, i) => expect(smoothed[i]).toBeCloseTo(expected, 12));
  const grown = numbersOf(resizeBilinear(x, { size: [7, 8] }, { antialias: true }));
  numbersOf(resizeBilinear(x, { size: [7, 8] })).forEach((expected, i) => expect(grown[i]).toBeCloseTo(expected, 12));
});

test("resizeNearest repeats pixels", () => {
  expect(numbersOf(resizeNearest(image, 2))).toEqual([
    -3, -3, 1, 1, 5, 5, -3, -3, 1, 1, 5, 5, -2, -2, 2, 2, -5, -5, -2, -2, 2, 2, -5, -5,
  ]);
});

test("spaceToDepth orders channels as PyTorch's pixel_unshuffle, and depthToSpace undoes it", () => {
  const images = counting(1, 2, 2, 4);
  expect(numbersOf(spaceToDepth(images, 2))).toEqual([0, 2, 1, 3, 4, 6, 5, 7, 8, 10, 9, 11, 12, 14, 13, 15]);
  expect(numbersOf(depthToSpace(spaceToDepth(images, 2), 2))).toEqual(numbersOf(images));
  expect(numbersOf(depthToSpace(counting(1, 4, 2, 2), 2))).toEqual([
    0, 4, 1, 5, 8, 12, 9, 13, 2, 6, 3, 7, 10, 14, 11, 15,
  ]);
});

describe("upsampleConv", () => {
  test.each([
    [2, 3],
    [2, 5],
    [3, 3],
    [4, 1],
    [7, 3],
  ])("by %i with a %ix%i kernel is the convolution of the enlarged image", (scale, kernel) => {
    const x = sequence([2, 2, 3, 4], [11, 4, 2, 5, 7]);
    const w = sequence([3, 2, kernel, kernel], [1, -2, 3, 0.5, 2, -1, 4]);
    const whole = conv(resizeNearest(x, scale), w, { padding: (kernel - 1) / 2 });
    expect(upsampleConv(x, w, scale).shape).toEqual(whole.shape);
    expect(numbersOf(upsampleConv(x, w, scale))).toEqual(numbersOf(whole));
  });
});
