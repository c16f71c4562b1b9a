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
  let found: unknown;
  try {
    inTime(20, () => {
      for (;;);
    });
  } catch (error) {
    found = error;
  }
  // Of this realm: whoever catches it asks `instanceof Error`.
  expect(found).toBeInstanceOf(Error);
  expect(found).toMatchObject({ message: "no end within 20 ms" });
  expect(inTime(10_000, () => 2)).toBe(2);
});
