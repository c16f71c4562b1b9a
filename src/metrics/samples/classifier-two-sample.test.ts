import { describe, expect, test } from "vitest";
import { stream } from "../../random/index.ts";
import { twoSampleResult, neighborTwoSample } from "./classifier-two-sample.ts";

const cloud = (name: string, count: number, mean: number): Float32Array => {
  const random = stream(0, name);
  return Float32Array.from({ length: 2 * count }, (_, at) => (at % 2 === 0 ? mean : 0) + random.normal());
};

describe("the classifier two-sample test", () => {
  test("has the upper binomial tail as its p-value", () => {
    const judged = (correct: number, half: number) => twoSampleResult({ onSamples: 0, onReal: correct }, half);
    // scipy 1.17.1: binomtest(60, 100, alternative="greater").pvalue
    expect(judged(60, 50).pValue).toBeCloseTo(0.028443966820490444, 12);
    expect(judged(5100, 5000).pValue).toBeCloseTo(0.023292763852473225, 10);
    expect(judged(0, 50).pValue).toBeCloseTo(1, 12);
    expect(judged(4, 2).pValue).toBeCloseTo(1 / 16, 14);
    const { accuracy, standardError, tested, onSamples, onReal } = twoSampleResult({ onSamples: 45, onReal: 15 }, 50);
    expect([accuracy, standardError, tested, onSamples, onReal]).toEqual([0.6, 0.05, 100, 0.9, 0.3]);
  });

  test("approaches the best possible accuracy, Phi(1) for means 2 apart", () => {
    const { accuracy, pValue } = neighborTwoSample(cloud("a", 4000, 0), cloud("b", 5000, 2), 2);
    expect(Math.abs(accuracy - 0.8413)).toBeLessThan(0.02);
    expect(pValue).toBeLessThan(1e-100);
  });

  test("is at chance for equal distributions, and perfect for separated ones", () => {
    const guess = neighborTwoSample(cloud("a", 4000, 0), cloud("b", 4000, 0), 2);
    expect(Math.abs(guess.accuracy - 0.5)).toBeLessThan(3 * guess.standardError);
    expect(guess.pValue).toBeGreaterThan(0.001);
    expect(neighborTwoSample(cloud("a", 300, 0), cloud("b", 300, 50), 2)).toMatchObject({ accuracy: 1, tested: 300 });
  });

  test("shows per set what 1/2 hides: samples concentrated in the middle", () => {
    const random = stream(0, "shell");
    const wide = Float32Array.from({ length: 20 * 1000 }, () => random.normal());
    const narrow = Float32Array.from({ length: 20 * 1000 }, () => 0.1 * random.normal());
    const { accuracy, onSamples, onReal } = neighborTwoSample(narrow, wide, 20);
    expect(accuracy).toBeLessThan(0.55);
    expect(onSamples).toBeGreaterThan(0.95);
    expect(onReal).toBeLessThan(0.1);
  });

  test("refuses too few", () => {
    expect(() => neighborTwoSample(cloud("a", 9, 0), cloud("b", 300, 0), 2)).toThrow(
      "c2st: samples: too few examples, got 9, expected at least 10",
    );
  });
});
