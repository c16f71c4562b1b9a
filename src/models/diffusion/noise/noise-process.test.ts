import { describe, expect, test } from "vitest";
import { evaluate } from "../../../graph/evaluate.ts";
import { constant } from "../../../graph/tensor.ts";
import { noiseValues } from "../../../../test/noise-values.ts";
import { numbersOf } from "../../../../test/values.ts";
import { logNormalNoise, noisePaths, timeDensities, timedNoise } from "./noise-process.ts";

const at = (name: keyof typeof noisePaths, t: number): readonly [alpha: number, sigma: number] => {
  const { alpha, sigma } = noisePaths[name].at(constant(t, [], "float64"));
  return [numbersOf(alpha)[0]!, numbersOf(sigma)[0]!];
};

describe("paths", () => {
  test.each(["linear", "cosine", "trigonometric"] as const)("%s preserves the variance", (name) => {
    for (const t of [0.001, 0.2, 0.5, 0.9, 0.99]) expect(Math.hypot(...at(name, t))).toBeCloseTo(1, 12);
  });

  test("linear is the product of 1000 steps of DDPM", () => {
    let alphaBar = 1;
    for (let t = 1; t <= 1000; t++) {
      alphaBar *= 1 - (1e-4 + ((0.02 - 1e-4) * (t - 1)) / 999);
      if (t % 250 === 0) expect(Math.abs(at("linear", t / 1000)[0] ** 2 / alphaBar - 1)).toBeLessThan(0.09);
    }
  });

  test("cosine: alphaBar is f(t) / f(0) of arXiv:2102.09672", () => {
    const f = (t: number): number => Math.cos((((t + 0.008) / 1.008) * Math.PI) / 2) ** 2;
    for (const t of [0.1, 0.5, 0.9]) expect(at("cosine", t)[0] ** 2).toBeCloseTo(f(t) / f(0), 12);
  });

  test("rectified is the straight line", () => {
    expect(at("rectified", 0.3)).toEqual([0.7, 0.3]);
  });
});

describe("levels of sampling", () => {
  test("Karras's, by eq. 5", () => {
    const grid = logNormalNoise({ logMean: 0, logStd: 1 }).grid({ steps: 3, rho: 7 });
    expect(grid.map(({ alpha }) => alpha)).toEqual([1, 1, 1]);
    expect(grid[0]!.sigma).toBeCloseTo(80, 10);
    expect(grid[1]!.sigma).toBeCloseTo(((80 ** (1 / 7) + 0.002 ** (1 / 7)) / 2) ** 7, 10);
    expect(grid[2]!.sigma).toBeCloseTo(0.002, 12);
  });

  test.each(Object.entries(noisePaths))("%s goes from its last time down, without 0", (_, path) => {
    const grid = timedNoise(path, timeDensities.uniform).grid({ steps: 4, rho: 7 });
    const ratios = grid.map(({ alpha, sigma }) => sigma / alpha);
    expect(grid).toHaveLength(4);
    expect(grid.every(({ alpha, sigma }) => (path.straight ? Math.abs(alpha + sigma - 1) < 1e-6 : alpha === 1))).toBe(
      true,
    );
    expect(ratios.every((ratio, i) => ratio > 0 && (i === 0 || ratio < ratios[i - 1]!))).toBe(true);
  });
});

test("ln sigma of EDM's training has the mean and standard deviation asked for", () => {
  const { sigma, alpha } = logNormalNoise({ logMean: -1.2, logStd: 1.2 }).training(20_000);
  const [levels, ones] = evaluate([sigma, alpha], noiseValues([sigma], 1)).map(({ data }) => Array.from(data));
  const logs = levels!.map(Math.log);
  const mean = logs.reduce((sum, v) => sum + v, 0) / logs.length;
  const variance = logs.reduce((sum, v) => sum + (v - mean) ** 2, 0) / logs.length;
  expect(mean).toBeCloseTo(-1.2, 1);
  expect(Math.sqrt(variance)).toBeCloseTo(1.2, 1);
  expect(new Set(ones)).toEqual(new Set([1]));
});

test("times of training stay where a path may be used", () => {
  for (const density of Object.values(timeDensities))
    for (const path of Object.values(noisePaths)) {
      const { alpha, sigma } = timedNoise(path, density).training(500);
      const [a, s] = evaluate([alpha, sigma], noiseValues([alpha, sigma], 2)).map(({ data }) => Array.from(data));
      expect(a!.every((v) => v >= 0 && v <= 1)).toBe(true);
      expect(s!.every((v) => v >= 0 && v <= 1)).toBe(true);
    }
});
