import { expect, test } from "vitest";
import { inTime } from "./with-timeout.ts";

test("what ends gives its value or its error", () => {
  expect(inTime(10_000, () => [1])).toEqual([1]);
  expect(() =>
    inTime(10_000, () => {
      throw new RangeError("far off");
    }),
  ).toThrow(RangeError);
});

test("what never ends is stopped, and the next runs as before", () => {
  expect(() =>
    inTime(20, () => {
      for (;;);
    }),
  ).toThrow("timed out after 20ms");
  expect(inTime(10_000, () => 2)).toBe(2);
});
