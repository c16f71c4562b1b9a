import { expect, test } from "vitest";
import { stream } from "../../random/index.ts";
import { modeCoverage } from "./mode-coverage.ts";

const modes = Array.from({ length: 25 }, (_, i) => [Math.floor(i / 5) - 2, (i % 5) - 2] as const);

test("the mixture's own points are of high quality with probability 1 - exp(-9/2), and reach every mode", () => {
  const random = stream(0, "points");
  const points = Float64Array.from({ length: 100_000 }, (_, at) => {
    const mode = modes[(at >> 1) % 25]!;
    return mode[at % 2]! + 0.05 * random.normal();
  });
  const { highQuality, ...counts } = modeCoverage(points, { modes, std: 0.05 });
  expect(Math.abs(highQuality - (1 - Math.exp(-4.5)))).toBeLessThan(0.002);
  expect(counts).toEqual({ covered: 25, modes: 25 });
});

test("points between modes reach none, and a point of each of three modes reaches three", () => {
  const points = Float64Array.of(0.5, 0.5, 0, 0.14, -2, -2, 2, 1, 2, 1.01, 0, 0.16);
  expect(modeCoverage(points, { modes, std: 0.05 })).toEqual({
    highQuality: expect.closeTo(4 / 6, 12),
    covered: 3,
    modes: 25,
  });
});

test("modes need not lie about 0", () => {
  const two = [
    [3, 5],
    [3, 7],
  ] as const;
  const points = Float64Array.of(3.1, 5.1, 3, -5, -3, 5, 3, 7);
  expect(modeCoverage(points, { modes: two, std: 0.1 })).toEqual({ highQuality: 0.5, covered: 2, modes: 2 });
});

test("a point that is not a number is refused", () => {
  expect(() => modeCoverage(Float64Array.of(0, 0, Number.NaN, 1), { modes, std: 1 })).toThrow("got (NaN, 1) at 1");
});
