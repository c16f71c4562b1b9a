import { expect, test } from "vitest";
import { nearestName } from "./nearest-name.ts";

test.each([
  ["digts", "digits"],
  ["Digits", "digits"],
  ["hiddenDim", "hiddenDims"],
  ["likelyhood", "likelihood"],
  ["hidden", "hiddenDims"],
  ["Be", "beta"],
  ["d", undefined],
  ["zzz", undefined],
  ["", undefined],
])("%s -> %s", (wanted, nearest) => {
  expect(nearestName(wanted, ["likelihood", "digits", "hiddenDims", "beta"])).toBe(nearest);
});

test("of two equally near names the first", () => {
  expect(nearestName("bat", ["bet", "but"])).toBe("bet");
});

test("two letters exchanged are one slip, not two", () => {
  expect(nearestName("vea", ["ae", "dae", "wae", "vae"])).toBe("vae");
  expect(nearestName("sampel", ["sample", "samples"])).toBe("sample");
});
