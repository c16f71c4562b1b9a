import { describe, expect, test } from "vitest";
import { ConfigError } from "../../errors.ts";
import { checkCompletes, keptParts, maskKeeping } from "./kept-part.ts";

/** Of one channel, as rows of text: 0 is kept. */
const rowsOf = (mask: Float32Array, width: number): string[] =>
  Array.from({ length: mask.length / width }, (_, row) => mask.subarray(row * width, (row + 1) * width).join(""));

test("each half is kept of every channel, the smaller one of an odd side", () => {
  const shape = [2, 2, 3];
  const found = Object.fromEntries(keptParts.map((part) => [part, rowsOf(maskKeeping(part, shape), 3)]));
  expect(found).toEqual({
    "top-half": ["000", "111", "000", "111"],
    "bottom-half": ["111", "000", "111", "000"],
    "left-half": ["011", "011", "011", "011"],
    "right-half": ["110", "110", "110", "110"],
  });
});

test("of a row there are a left and a right half", () => {
  expect(rowsOf(maskKeeping("left-half", [5]), 5)).toEqual(["00111"]);
  expect(() => maskKeeping("top-half", [5])).toThrow(
    new ConfigError(
      "top-half: nothing is to be completed from another part, got a mask that keeps none of 5 values, expected some",
    ),
  );
});

describe("a mask", () => {
  test.each([
    ["all", [0, 0]],
    ["none", [1, 1]],
  ])("that keeps %s is refused", (kept, mask) => {
    expect(() => checkCompletes("m.npy", Float32Array.from(mask), [2])).toThrow(
      new ConfigError(
        `m.npy: nothing is to be completed from another part, got a mask that keeps ${kept} of 2 values, expected some`,
      ),
    );
  });

  test("that keeps some is not", () => {
    expect(() => checkCompletes("m.npy", Float32Array.of(0, 1), [2])).not.toThrow();
  });
});
