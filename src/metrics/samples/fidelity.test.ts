import { describe, expect, test } from "vitest";
import { stream } from "../../random/index.ts";
import { fidelity } from "./fidelity.ts";

const table = (count: number, f: (i: number, j: number) => number): Float64Array =>
  Float64Array.from({ length: 5 * count }, (_, at) => f(Math.floor(at / 5), at % 5));
const real = table(60, (i, j) => Math.sin(0.7 * i * (j + 1) + j) + 0.3 * Math.cos(1.3 * i + j * j));
const samples = table(50, (i, j) =>
  i < 10 ? real[5 * i + j]! + 0.03 * (1 + j) : Math.sin(0.7 * i * (j + 1) + j + 0.5) + 0.3 * Math.cos(1.3 * i + j * j),
);

describe("precision, recall, density and coverage", () => {
  test("agree with the definitions over scikit-learn's distances", () => {
    // scikit-learn 1.9.1 pairwise_distances, radii from its sorted rows.
    const found = fidelity(real, samples, 5);
    expect(found.precision).toBeCloseTo(0.62, 12);
    expect(found.recall).toBeCloseTo(0.95, 12);
    expect(found.density).toBeCloseTo(0.844, 12);
    expect(found.coverage).toBeCloseTo(59 / 60, 12);
  });

  test("of a set compared with itself are 1, but for the density, which counts itself beyond its k neighbors", () => {
    const random = stream(0, "self");
    const set = Float32Array.from({ length: 200 * 3 }, () => random.normal());
    const { precision, recall, density, coverage } = fidelity(set, set.slice(), 3);
    expect([precision, recall, coverage]).toEqual([1, 1, 1]);
    expect(density).toBeCloseTo(6 / 5, 12);
  });

  test("of sets far apart are 0", () => {
    expect(
      fidelity(
        real,
        samples.map((v) => v + 100),
        5,
      ),
    ).toEqual({ precision: 0, recall: 0, density: 0, coverage: 0 });
  });

  test("distinguish half of a distribution from one with half its samples elsewhere", () => {
    const random = stream(1, "halves");
    const cloud = (count: number, center: (i: number) => number): Float32Array =>
      Float32Array.from({ length: 2 * count }, (_, at) => center(at >> 1) + 0.1 * random.normal());
    const both = cloud(1000, (i) => (i % 2 === 0 ? 0 : 10));
    const missing = fidelity(
      both,
      cloud(1000, () => 0),
      2,
    );
    expect(missing.precision).toBeGreaterThan(0.95);
    expect(missing.recall).toBeGreaterThan(0.47);
    expect(missing.recall).toBeLessThan(0.5);
    expect(missing.coverage).toBeLessThanOrEqual(0.5);
    const astray = fidelity(
      both,
      cloud(1000, (i) => (i % 2 === 0 ? 0 : 20)),
      2,
    );
    expect(astray.precision).toBeGreaterThan(0.47);
    expect(astray.precision).toBeLessThanOrEqual(0.5);
  });

  test("the coverage of equal distributions is 1 - 1/2^k in the limit of many examples", () => {
    // E[coverage] = 1 - (N-1)...(N-k) / ((M+N-1)...(M+N-k)) (arXiv:2002.09797, eq. 9).
    const random = stream(2, "equal");
    const cloud = (): Float32Array => Float32Array.from({ length: 4 * 3000 }, () => random.normal());
    const { coverage, density } = fidelity(cloud(), cloud(), 4);
    expect(Math.abs(coverage - (1 - 1 / 32))).toBeLessThan(0.012);
    expect(Math.abs(density - 1)).toBeLessThan(0.05);
  });

  test("refuse in one line what has no neighborhoods", () => {
    expect(() => fidelity(real.subarray(0, 25), samples, 5)).toThrow(
      "precision and recall: real examples: too few examples, got 5, expected at least 6",
    );
    expect(() => fidelity(real, samples, 7)).toThrow("not whole vectors, got 300 numbers, expected a multiple of 7");
    expect(() =>
      fidelity(
        real,
        samples.map((v, i) => (i === 7 ? Number.NaN : v)),
        5,
      ),
    ).toThrow("precision and recall: samples: a feature is not finite, got NaN in example 1");
    expect(() => fidelity(real, new Float32Array(50).fill(2), 5)).toThrow(
      "precision and recall: samples: all examples are the same, got 10 equal ones",
    );
    expect(() => fidelity(real, samples, 5, { precisionK: 0 })).toThrow("got k = 0, expected an integer from 1");
  });
});
