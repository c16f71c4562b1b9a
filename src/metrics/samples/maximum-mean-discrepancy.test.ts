import { describe, expect, test } from "vitest";
import { stream } from "../../random/index.ts";
import { maximumMeanDiscrepancy } from "./maximum-mean-discrepancy.ts";

const cloud = (seed: number, count: number, dim: number, mean = 0): Float32Array => {
  const random = stream(seed, "cloud");
  return Float32Array.from({ length: count * dim }, () => mean + random.normal());
};

describe("maximum mean discrepancy", () => {
  test("of four numbers is what a hand computes", () => {
    // k = 1 / (1 + d^2): within 0, 1 is 1/2, within 0, 2 is 1/5, across 1, 1/5, 1/2, 1/2.
    const { squaredMmd } = maximumMeanDiscrepancy(Float32Array.of(0, 1), Float32Array.of(0, 2), 1, {
      kernel: "imq",
      bandwidth: 1,
    });
    expect(squaredMmd).toBeCloseTo(1 / 2 + 1 / 5 - (2 * (1 + 1 / 5 + 1 / 2 + 1 / 2)) / 4, 14);
  });

  test("agrees with the definition over scikit-learn's distances, at the median of numpy", () => {
    const table = (count: number, f: (i: number, j: number) => number): Float64Array =>
      Float64Array.from({ length: 5 * count }, (_, at) => f(Math.floor(at / 5), at % 5));
    const x = table(60, (i, j) => Math.sin(0.7 * i * (j + 1) + j) + 0.3 * Math.cos(1.3 * i + j * j));
    const y = table(50, (i, j) =>
      i < 10 ? x[5 * i + j]! + 0.03 * (1 + j) : Math.sin(0.7 * i * (j + 1) + j + 0.5) + 0.3 * Math.cos(1.3 * i + j * j),
    );
    const rbf = maximumMeanDiscrepancy(x, y, 5);
    expect(rbf.bandwidth).toBeCloseTo(2.3488050771226825, 6);
    expect(rbf.squaredMmd).toBeCloseTo(-0.01062496590762474, 8);
    expect(maximumMeanDiscrepancy(x, y, 5, { kernel: "imq" }).squaredMmd).toBeCloseTo(-0.009029759751643773, 8);
  });

  test("nears the closed form of two Gaussians", () => {
    // E exp(-|x - y|^2 / 2 s^2), x ~ N(0, I), y ~ N(m, I): (s^2 / (s^2 + 2))^(d/2) exp(-|m|^2 / (2 (s^2 + 2))).
    const [dim, mean, s] = [3, 1, 1.5];
    const overlap = (squares: number): number =>
      (s ** 2 / (s ** 2 + 2)) ** (dim / 2) * Math.exp(-squares / (2 * (s ** 2 + 2)));
    const exact = 2 * overlap(0) - 2 * overlap(dim * mean ** 2);
    const { squaredMmd, pValue } = maximumMeanDiscrepancy(cloud(1, 1000, dim), cloud(2, 1000, dim, mean), dim, {
      bandwidth: s,
      permutations: 99,
    });
    expect(Math.abs(squaredMmd / exact - 1)).toBeLessThan(0.1);
    expect(pValue).toBe(0.01);
  });

  test("is unbiased and its p-value uniform where nothing differs", () => {
    const found = Array.from({ length: 100 }, (_, i) =>
      maximumMeanDiscrepancy(cloud(2 * i, 40, 2), cloud(2 * i + 1, 50, 2), 2, { permutations: 99, seed: i }),
    );
    const values = found.map(({ squaredMmd }) => squaredMmd);
    const mean = values.reduce((a, b) => a + b) / 100;
    const std = Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / 99);
    expect(Math.abs(mean)).toBeLessThan((3 * std) / 10);
    const pValues = found.map(({ pValue }) => pValue);
    expect(Math.abs(pValues.reduce((a, b) => a + b) / 100 - 0.5)).toBeLessThan(0.1);
    expect(pValues.filter((p) => p <= 0.05).length).toBeLessThanOrEqual(12);
  });

  test("refuses in one line what it cannot compare", () => {
    const many = cloud(0, 4001, 1);
    expect(() => maximumMeanDiscrepancy(many, many.slice(), 1)).toThrow(
      "mmd: too many examples, got 4001 samples and 4001 real ones, expected at most 8000 together",
    );
    expect(() => maximumMeanDiscrepancy(cloud(0, 9, 2), cloud(1, 9, 2), 2, { bandwidth: 0 })).toThrow(
      "mmd: no bandwidth, got 0, expected a number above 0",
    );
    expect(() => maximumMeanDiscrepancy(cloud(0, 9, 2), Float32Array.of(1, 2), 2)).toThrow(
      "mmd: real examples: too few examples, got 1, expected at least 2",
    );
  });
});
