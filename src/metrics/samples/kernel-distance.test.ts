import { describe, expect, test } from "vitest";
import { stream } from "../../random/index.ts";
import { crossDiscrepancy, kernelDistance } from "./kernel-distance.ts";

const table = (count: number, f: (i: number, j: number) => number): Float64Array =>
  Float64Array.from({ length: 3 * count }, (_, k) => f(Math.floor(k / 3), k % 3));

describe("kernelDistance", () => {
  test("of halves is scikit-learn's", () => {
    const x = table(20, (i, j) => Math.sin(1.7 * i * (j + 1) + j));
    const y = table(20, (i, j) => Math.cos(2.3 * i + j * j) * (1 + 0.5 * j));
    const halves = (set: Float64Array) => [set.subarray(0, 30), set.subarray(30)] as const;
    // scikit-learn 1.9.1: means of polynomial_kernel(degree=3, gamma=1/3, coef0=1) between halves
    expect(crossDiscrepancy(halves(x), halves(y), 3)).toBeCloseTo(2.786611325540928, 11);
    expect(crossDiscrepancy(halves(y), halves(x), 3)).toBeCloseTo(2.786611325540928, 11);
  });

  test("of sampled Gaussians covers the closed form", () => {
    // x ~ N(0, 1) and y ~ N(a, 1) in one dimension: E (x y + 1)^3 from moments of products.
    const a = 0.5;
    // E (u v + 1)^3 = m3 m3' + 3 m2 m2' + 3 m1 m1' + 1, with the k-th moments of u and v.
    const moments = (mean: number): readonly [number, number, number] => [mean, mean ** 2 + 1, mean ** 3 + 3 * mean];
    const expected = (p: readonly number[], q: readonly number[]): number =>
      p[2]! * q[2]! + 3 * p[1]! * q[1]! + 3 * p[0]! * q[0]! + 1;
    const [p, q] = [moments(0), moments(a)];
    const exact = expected(p, p) + expected(q, q) - 2 * expected(p, q);
    const random = stream(3, "kid test");
    const cloud = (mean: number): Float32Array => Float32Array.from({ length: 10_000 }, () => mean + random.normal());
    const found = kernelDistance(cloud(0), cloud(a), 1);
    expect(found).toMatchObject({ subsets: 10, subsetSize: 1000 });
    expect(Math.abs(found.value - exact)).toBeLessThan(4 * found.standardError);
    expect(found.interval[0]).toBeGreaterThan(0);
    // scipy.stats.t.ppf(0.975, 9).
    const [low, high] = found.interval;
    expect(Math.abs((high - low) / 2 / found.standardError - 2.262157162798205)).toBeLessThan(3e-4);
    expect((high + low) / 2).toBeCloseTo(found.value, 12);
  });

  // Against zeros, a half of ones alone is at phi(1) - phi(0), whose square is 2^3 - 2 + 1 = 7, and one of a one and a zero at half of it.
  // Forty examples make ten subsets: nine of 7 and, wherever the zero falls, one of 7/2.
  test("has the standard error of the mean of subsets, the sample's", () => {
    const ones = new Float64Array(40).fill(1).with(11, 0);
    // Not all the same, as is asked for, and 0 to rounding.
    const zeros = new Float64Array(40).with(5, 1e-300);
    const { value, standardError, subsets, subsetSize } = kernelDistance(ones, zeros, 1);
    expect([subsets, subsetSize]).toEqual([10, 4]);
    expect(value).toBeCloseTo(6.65, 12);
    // numpy.std([7] * 9 + [3.5], ddof=1) / numpy.sqrt(10)
    expect(standardError).toBeCloseTo(0.35, 12);
  });

  test("its interval covers 0 for equal distributions in 95 % of trials", () => {
    const [trials, dim, count] = [200, 64, 400];
    let covered = 0;
    for (let trial = 0; trial < trials; trial++) {
      const random = stream(trial, "kid trials");
      const cloud = (): Float32Array => Float32Array.from({ length: dim * count }, () => random.normal());
      const { interval } = kernelDistance(cloud(), cloud(), dim, { seed: trial });
      covered += Number(interval[0] <= 0 && interval[1] >= 0);
    }
    expect(Math.abs(covered / trials - 0.95)).toBeLessThanOrEqual(0.03);
  });

  test("refuses in one line what has no distance", () => {
    const x = table(39, (i, j) => Math.sin(i + j));
    expect(() => kernelDistance(x, x, 3)).toThrow(
      "kid: generated examples: too few examples, got 39, expected at least 40",
    );
    const y = table(40, (i, j) => Math.sin(i + j));
    expect(() => kernelDistance(y, new Float32Array(120).fill(1), 3)).toThrow(
      "kid: examples: all examples are the same",
    );
    expect(() => kernelDistance(y.with(100, Number.NaN), y, 3)).toThrow(
      "a feature is not finite, got NaN in example 33",
    );
  });
});
