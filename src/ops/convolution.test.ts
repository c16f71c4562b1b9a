import { describe, expect, test } from "vitest";
import { numbersOf, sequence } from "../../test/values.ts";
import { conv, convTranspose, convWeightGradient } from "./index.ts";

// Expected numbers: PyTorch 2.13, conv2d, conv_transpose2d and grad.conv2d_weight on the same sequences.
const kernel = [5, 2, 0, 2];

describe("conv", () => {
  test("2-D with stride, padding, dilation and groups is PyTorch's", () => {
    const y = conv(sequence([2, 4, 4, 3]), sequence([6, 2, 3, 2], kernel), {
      stride: [2, 1],
      padding: [1, 2],
      dilation: [1, 2],
      groups: 2,
    });
    expect(y.shape).toEqual([2, 6, 2, 5]);
    expect(numbersOf(y)).toEqual([
      1, -5, -2, 9, -5, 9, -5, -3, -11, 11, 3, 7, 6, -9, 1, -7, -3, -1, 11, -11, -5, 9, -6, -2, -3, 2, -11, 16, 8, -3,
      4, 7, 0, -2, -1, 2, 1, 16, -5, 2, 3, -5, 2, -9, 2, -7, 3, -3, 2, -8, -3, -2, -6, 9, -5, 9, -5, -7, -1, 7, 7, 1,
      -3, -5, 9, -5, 9, -4, 2, -11, -8, 3, -1, 2, -9, 3, -7, -4, -9, 11, 2, -5, 16, -1, -2, 1, 2, -9, 5, 8, 1, 4, 10,
      -3, -2, -11, 2, -4, 9, -5, -3, 3, -1, 1, -9, -3, -7, 11, 5, 2, 3, -3, -7, -5, 9, -5, 9, 6, -9, -1,
    ]);
  });
  test("1-D with stride and padding is PyTorch's", () => {
    const y = conv(sequence([1, 2, 6]), sequence([3, 2, 3], kernel), { stride: 2, padding: 1 });
    expect(numbersOf(y)).toEqual([8, 7, -5, -9, -10, 4, -1, 3, 8]);
  });
});

describe("convTranspose", () => {
  test("2-D with stride, padding, output padding, dilation and groups is PyTorch's", () => {
    const y = convTranspose(sequence([1, 4, 2, 3]), sequence([4, 3, 3, 2], kernel), {
      stride: [2, 1],
      padding: [1, 0],
      outputPadding: [1, 0],
      dilation: [1, 2],
      groups: 2,
    });
    expect(y.shape).toEqual([1, 6, 4, 5]);
    expect(numbersOf(y)).toEqual([
      -8, 6, -6, -1, 3, 5, -9, -3, 0, 8, 6, 6, -8, -3, 1, -6, 3, 8, -6, -1, 2, -1, 5, -3, -1, -1, 0, 16, 4, -7, 0, -3,
      -5, 3, 5, 3, -6, -4, 0, 3, 2, -3, 1, 0, 5, 8, 4, -15, 3, -7, -6, 3, 8, -6, -1, -3, 0, 9, 6, -8, 1, -2, 7, 0, 2,
      -3, -2, 8, -9, 8, -1, 3, -3, -1, -6, 0, 5, 1, 1, -3, 5, 0, 1, -3, 2, 9, -9, -1, 9, -8, -3, -1, -6, 5, 3, -2, 1, 3,
      -8, 6, -1, -3, 5, -1, 2, -9, 9, -10, -3, -4, 0, 5, 1, 1, -3, 6, -8, 5, 3, 0,
    ]);
  });
  test("1-D is PyTorch's", () => {
    const y = convTranspose(sequence([1, 2, 4]), sequence([2, 2, 3], kernel), {
      stride: 2,
      padding: 1,
      outputPadding: 1,
    });
    expect(numbersOf(y)).toEqual([6, -9, -2, 9, 4, -8, -4, 2, -8, 2, 3, 3, -7, 4, 4, 0]);
  });
});

test("convWeightGradient is PyTorch's, also where the stride leaves a rest", () => {
  const w = convWeightGradient(sequence([2, 2, 5, 4]), sequence([2, 3, 3, 2], kernel), {
    kernel: [2, 3],
    stride: [2, 1],
    padding: [1, 0],
  });
  expect(w.shape).toEqual([3, 2, 2, 3]);
  expect(numbersOf(w)).toEqual([
    5, 9, -8, 0, -9, 3, -6, 5, 9, 2, 0, -9, 1, 1, 1, -2, 1, -10, -6, 1, 1, 2, -2, 1, -3, -7, 10, 6, 6, -8, -6, -3, -7,
    -8, 6, 6,
  ]);
});
