import { describe, expect, test } from "vitest";
import { stream } from "../../random/index.ts";
import { type FeatureMoments, featureMoments, frechetDistance } from "./frechet-distance.ts";

const moments = (mean: readonly number[], covariance: readonly number[]): FeatureMoments => ({
  dim: mean.length,
  count: 1000,
  mean: Float64Array.from(mean),
  covariance: Float64Array.from(covariance),
});
const table = (dim: number, f: (i: number, j: number) => number): Float64Array =>
  Float64Array.from({ length: 200 * dim }, (_, k) => f(Math.floor(k / dim), k % dim));

describe("frechetDistance", () => {
  test("of commuting covariances is the sum of squared differences of means and of standard deviations", () => {
    const a = moments([1, 2, 3], [4, 0, 0, 0, 9, 0, 0, 0, 0]);
    const b = moments([1, 0, 3], [1, 0, 0, 0, 16, 0, 0, 0, 25]);
    expect(frechetDistance(a, b)).toBeCloseTo(4 + 1 + 1 + 25, 10);
    expect(frechetDistance(b, a)).toBeCloseTo(31, 10);
  });

  test("agrees with scipy where they do not", () => {
    const a = featureMoments(
      table(4, (i, j) => Math.sin(0.7 * i * (j + 1) + j) + 0.3 * Math.cos(1.3 * i + j * j)),
      4,
    );
    const b = featureMoments(
      table(4, (i, j) => Math.cos(0.9 * i * (j + 1) - j) * (1 + j) + 0.5),
      4,
    );
    // scipy 1.17.1: |m1 - m2|^2 + trace(C1 + C2 - 2 sqrtm(C1 C2))
    expect(frechetDistance(a, b)).toBeCloseTo(8.127986585770778, 9);
    expect(frechetDistance(a, a)).toBeLessThan(1e-12);
  });

  test("of sampled Gaussians approaches the closed form: 64 dimensions, 50,000 samples, within 1%", () => {
    const [dim, count] = [64, 50_000];
    const random = stream(0, "frechet");
    const cloud = (shift: number, scale: number): Float32Array =>
      Float32Array.from({ length: dim * count }, () => shift + scale * random.normal());
    const found = frechetDistance(featureMoments(cloud(0, 1), dim), featureMoments(cloud(0.3, 1.5), dim));
    const exact = dim * (0.3 ** 2 + 0.5 ** 2);
    expect(Math.abs(found / exact - 1)).toBeLessThan(0.01);
  });

  test("of features twice over is twice as much, though their covariances have no inverse", () => {
    const dim = 5;
    const once = [1, 2].map((k) => table(dim, (i, j) => Math.sin(0.37 * k * i * (j + 1) + j) + 0.1 * k * j));
    const twice = once.map((x) =>
      Float64Array.from({ length: 2 * x.length }, (_, at) => x[Math.floor(at / 10) * 5 + (at % 5)]!),
    );
    const [a, b] = once.map((x) => featureMoments(x, dim)) as [FeatureMoments, FeatureMoments];
    const [aa, bb] = twice.map((x) => featureMoments(x, 2 * dim)) as [FeatureMoments, FeatureMoments];
    expect(frechetDistance(aa, bb)).toBeCloseTo(2 * frechetDistance(a, b), 6);
    // Features that never vary add nothing.
    const still = Float64Array.from({ length: (6 * once[0]!.length) / 5 }, (_, at) =>
      at % 6 === 2 ? 7 : once[0]![Math.floor(at / 6) * 5 + (at % 6) - (at % 6 > 2 ? 1 : 0)]!,
    );
    expect(frechetDistance(featureMoments(still, 6), featureMoments(still, 6))).toBeLessThan(1e-6);
  });

  test("refuses in one line what has no covariance", () => {
    expect(() => featureMoments(new Float32Array(12), 4)).toThrow(
      "frechet: too few examples for a covariance of 4 features, got 3, expected more than 4",
    );
    expect(() => featureMoments(Float32Array.of(1, 2, 3, Number.NaN), 1)).toThrow("got NaN in example 3");
    expect(() => featureMoments(new Float32Array(12).fill(2), 2)).toThrow(
      "frechet: all examples are the same, got 6 equal ones, expected some that differ",
    );
    expect(() => frechetDistance(moments([0], [1]), moments([0, 0], [1, 0, 0, 1]))).toThrow("got 1 and 2 dimensions");
  });
});
