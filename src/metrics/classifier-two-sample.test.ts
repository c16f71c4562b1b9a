import { describe, expect, test } from "vitest";
import { stream } from "../random/index.ts";
import { judgeTwoSample, neighborTwoSample } from "./classifier-two-sample.ts";

const cloud = (name: string, count: number, mean: number): Float32Array => {
  const random = stream(0, name);
  return Float32Array.from({ length: 2 * count }, (_, at) => (at % 2 === 0 ? mean : 0) + random.normal());
};

describe("the classifier two-sample test", () => {
  test("has the upper binomial tail as its p-value", () => {
    // scipy 1.17.1: binomtest(60, 100, alternative="greater").pvalue
    expect(judgeTwoSample(60, 100).pValue).toBeCloseTo(0.028443966820490444, 12);
    expect(judgeTwoSample(5100, 10_000).pValue).toBeCloseTo(0.023292763852473225, 10);
    expect(judgeTwoSample(0, 100).pValue).toBeCloseTo(1, 12);
    expect(judgeTwoSample(3, 3).pValue).toBeCloseTo(1 / 8, 14);
    expect(judgeTwoSample(60, 100)).toMatchObject({ accuracy: 0.6, standardError: 0.05, tested: 100 });
  });

  test("nears the best accuracy there is, Phi(1) for means 2 apart", () => {
    const { accuracy, pValue } = neighborTwoSample(cloud("a", 4000, 0), cloud("b", 5000, 2), 2);
    expect(Math.abs(accuracy - 0.8413)).toBeLessThan(0.02);
    expect(pValue).toBeLessThan(1e-100);
  });

  test("guesses where nothing differs, and knows all where sets are apart", () => {
    const guess = neighborTwoSample(cloud("a", 4000, 0), cloud("b", 4000, 0), 2);
    expect(Math.abs(guess.accuracy - 0.5)).toBeLessThan(3 * guess.standardError);
    expect(guess.pValue).toBeGreaterThan(0.001);
    expect(neighborTwoSample(cloud("a", 300, 0), cloud("b", 300, 50), 2)).toMatchObject({ accuracy: 1, tested: 300 });
  });

  test("refuses too few", () => {
    expect(() => neighborTwoSample(cloud("a", 9, 0), cloud("b", 300, 0), 2)).toThrow(
      "c2st: first set: too few examples, got 9, expected at least 10",
    );
  });
});
