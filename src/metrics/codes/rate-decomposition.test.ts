import { describe, expect, test } from "vitest";
import { stream } from "../../random/index.ts";
import { rateDecomposition, type RateDecomposition } from "./rate-decomposition.ts";

/** Decomposition of the rate of these Gaussians, [mean, std] of each dimension of each example, under a standard normal prior. */
function partsOf(posteriors: readonly (readonly (readonly [mean: number, std: number])[])[]): RateDecomposition {
  const random = stream(5, "codes");
  const flat = posteriors.flat();
  const z = flat.map(([mean, std]) => mean + std * random.normal());
  return rateDecomposition({
    latentDim: posteriors[0]!.length,
    mean: flat.map(([mean]) => mean),
    logVar: flat.map(([, std]) => 2 * Math.log(std)),
    z,
    logPrior: z.map((v) => -0.5 * (v * v + Math.log(2 * Math.PI))),
    rate: posteriors.map((dims) => dims.reduce((sum, [m, s]) => sum + (m * m + s * s - 1) / 2 - Math.log(s), 0)),
  });
}

describe("the rate", () => {
  test("of uninformative codes is all dimension-wise KL", () => {
    const parts = partsOf(Array.from({ length: 200 }, () => [[1, 0.5] as const, [0, 1] as const]));
    expect(parts.mutualInformation).toBeCloseTo(0, 10);
    expect(parts.totalCorrelation).toBeCloseTo(0, 10);
    // KL(N(1, 1/4) || N(0, 1)) = (1/4 + 1 - 1) / 2 + log 2.
    expect(parts.rate).toBeCloseTo(0.125 + Math.log(2), 10);
    expect(Math.abs(parts.dimensionwiseKl - parts.rate)).toBeLessThan(4 * parts.standardError);
  });

  test("of well-separated codes has a mutual information of log n", () => {
    const parts = partsOf(Array.from({ length: 8 }, (_, i) => [[100 * i, 1] as const]));
    expect(parts.mutualInformation).toBeCloseTo(Math.log(8), 10);
    expect(parts.totalCorrelation).toBeCloseTo(0, 10);
  });

  test("of two equal dimensions has a total correlation of log n", () => {
    const parts = partsOf(Array.from({ length: 8 }, (_, i) => [[100 * i, 1] as const, [-100 * i, 1] as const]));
    expect(parts.mutualInformation).toBeCloseTo(Math.log(8), 10);
    expect(parts.totalCorrelation).toBeCloseTo(Math.log(8), 10);
  });

  // Means N(0, C) and posteriors of variance v: q(z) = N(0, C + v I), whose parts are known.
  test("of correlated Gaussian codes has the closed-form terms", () => {
    const random = stream(9, "means");
    const [correlation, v, n] = [0.8, 0.36, 2000];
    const posteriors = Array.from({ length: n }, () => {
      const a = random.normal();
      const b = correlation * a + Math.sqrt(1 - correlation ** 2) * random.normal();
      return [[a, Math.sqrt(v)] as const, [b, Math.sqrt(v)] as const];
    });
    const parts = partsOf(posteriors);
    const determinant = (1 + v) ** 2 - correlation ** 2;
    expect(parts.mutualInformation).toBeCloseTo(0.5 * Math.log(determinant / v ** 2), 1);
    expect(parts.totalCorrelation).toBeCloseTo(0.5 * Math.log((1 + v) ** 2 / determinant), 1);
    expect(parts.dimensionwiseKl).toBeCloseTo(2 * (0.5 * (1 + v - 1) - 0.5 * Math.log(1 + v)), 1);
    expect(Math.abs(parts.sum - parts.rate)).toBeLessThan(4 * parts.standardError);
  });

  // With std 1 and z = mean + e, log q(z|x) - log p(z) is off the rate by mean e: here by 1, 2 and 3, of variance 1.
  test("is estimated with the standard error of a mean", () => {
    const mean = [1, 2, 3];
    const z = [2, 3, 4];
    const codes = {
      latentDim: 1,
      mean,
      logVar: [0, 0, 0],
      z,
      logPrior: z.map((v) => -0.5 * (v * v + Math.log(2 * Math.PI))),
      rate: mean.map((m) => (m * m) / 2),
    };
    const { sum, rate, standardError } = rateDecomposition(codes);
    expect(sum - rate).toBeCloseTo(2, 12);
    expect(standardError).toBeCloseTo(Math.sqrt(1 / 3), 12);
    // Of the first alone there is none.
    expect(rateDecomposition(codes, 1).standardError).toBe(0);
  });
});
