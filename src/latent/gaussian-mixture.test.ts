import { expect, test } from "vitest";
import { ShapeError } from "../errors.ts";
import { stream } from "../random/index.ts";
import { GaussianMixture } from "./gaussian-mixture.ts";

const one = Float64Array.of(1);

test("is the density of a diagonal Gaussian", () => {
  const gaussian = new GaussianMixture({
    covariance: "diagonal",
    weights: one,
    means: Float64Array.of(1, -2),
    factors: Float64Array.of(2, 0.5),
  });
  // log N(z; m, s^2) = -log s - log(2 pi) / 2 - ((z - m) / s)^2 / 2, and log 2 + log 0.5 = 0.
  const [at, off] = gaussian.logProb(Float64Array.of(1, -2, 3, -1));
  expect(at).toBeCloseTo(-Math.log(2 * Math.PI), 14);
  expect(off).toBeCloseTo(-Math.log(2 * Math.PI) - 1 / 2 - 4 / 2, 14);
});

test("is the density of a full Gaussian, whatever the number of codes", () => {
  // Covariance [[2, 1], [1, 2]]: determinant 3, inverse [[2, -1], [-1, 2]] / 3.
  const factors = Float64Array.of(Math.SQRT2, 0, Math.SQRT1_2, Math.sqrt(3 / 2));
  const gaussian = new GaussianMixture({ covariance: "full", weights: one, means: Float64Array.of(1, 0), factors });
  const codes = [
    [1, 0],
    [2, 0],
    [1, 3],
    [0, 1],
    [4, -2],
  ] as const;
  const expected = codes.map(([x, y]) => {
    const [u, v] = [x - 1, y];
    return -Math.log(2 * Math.PI) - Math.log(3) / 2 - (2 * u * u - 2 * u * v + 2 * v * v) / 6;
  });
  for (let count = 1; count <= codes.length; count++) {
    const found = gaussian.logProb(Float32Array.from(codes.slice(0, count).flat()));
    expect(found).toHaveLength(count);
    found.forEach((l, i) => expect(l).toBeCloseTo(expected[i]!, 12));
  }
});

test("a mixture weighs its components, and does not underflow far from them", () => {
  const mixture = new GaussianMixture({
    covariance: "diagonal",
    weights: Float64Array.of(0.25, 0.75),
    means: Float64Array.of(-1, 1),
    factors: Float64Array.of(1, 1),
  });
  const [middle, far] = mixture.logProb(Float64Array.of(0, 100));
  expect(middle).toBeCloseTo(-0.5 * Math.log(2 * Math.PI) - 0.5, 14);
  expect(far).toBeCloseTo(-0.5 * Math.log(2 * Math.PI) - (99 * 99) / 2 + Math.log(0.75), 9);
});

const twoBlobs = new GaussianMixture({
  covariance: "full",
  weights: Float64Array.of(0.3, 0.7),
  means: Float64Array.of(-4, 0, 4, 1),
  factors: Float64Array.of(1, 0, 0.5, 0.2, 0.5, 0, -0.3, 1),
});

test("samples have its moments: sums over components of weight (covariance + mean mean^T)", () => {
  const count = 40_000;
  const codes = twoBlobs.sample(count, stream(0, "draws"));
  const sums = [0, 0, 0, 0, 0];
  for (let n = 0; n < count; n++) {
    const [x, y] = [codes[2 * n]!, codes[2 * n + 1]!];
    [x, y, x * x, x * y, y * y].forEach((value, i) => (sums[i]! += value / count));
  }
  const expected = [
    0.3 * -4 + 0.7 * 4,
    0.7,
    0.3 * (1 + 16) + 0.7 * (0.25 + 16),
    0.3 * 0.5 + 0.7 * (-0.15 + 4),
    0.3 * (0.25 + 0.04) + 0.7 * (0.09 + 1 + 1),
  ];
  // Standard errors are at most 0.02.
  sums.forEach((sum, i) => expect(Math.abs(sum - expected[i]!)).toBeLessThan(0.08));
});

test("the i-th sample depends on the seed alone, and without temperature is a mean", () => {
  const many = twoBlobs.sample(50, stream(3, "draws"));
  expect(twoBlobs.sample(7, stream(3, "draws"))).toEqual(many.subarray(0, 14));
  const cold = twoBlobs.sample(50, stream(3, "draws"), { temperature: 0 });
  for (let n = 0; n < 50; n++)
    expect([
      [-4, 0],
      [4, 1],
    ]).toContainEqual([...cold.subarray(2 * n, 2 * n + 2)]);
});

test("samples of a radius lie on a sphere around a mean, in standard deviations, in the directions of the others", () => {
  const onSphere = twoBlobs.sample(50, stream(3, "draws"), { radius: 2 });
  const samples = twoBlobs.sample(50, stream(3, "draws"));
  // In two dimensions log N(z; m, C) = -log(2 pi) - log |L| - r^2 / 2 at distance r.
  const atRadius = [0.2, 0.5].map((determinant) => -Math.log(2 * Math.PI) - Math.log(determinant) - 2);
  const joint = twoBlobs.logJoint(onSphere);
  for (let n = 0; n < 50; n++) {
    const component = samples[2 * n]! < 0 ? 0 : 1;
    expect(joint[2 * n + component]).toBeCloseTo(Math.log([0.3, 0.7][component]!) + atRadius[component]!, 4);
    const from = (codes: Float32Array): number[] =>
      [0, 1].map((i) => codes[2 * n + i]! - twoBlobs.means[2 * component + i]!);
    const [a, b] = [from(samples), from(onSphere)] as [[number, number], [number, number]];
    expect(a[0] * b[1] - a[1] * b[0]).toBeCloseTo(0, 4);
    expect(a[0] * b[0] + a[1] * b[1]).toBeGreaterThan(0);
  }
});

test("refuses parts that do not fit", () => {
  const parts = { covariance: "full", weights: one, means: Float64Array.of(1, 2) } as const;
  expect(() => new GaussianMixture({ ...parts, factors: Float64Array.of(1, 1) })).toThrow(ShapeError);
  expect(() => twoBlobs.logProb(Float64Array.of(1, 2, 3))).toThrow(ShapeError);
});
