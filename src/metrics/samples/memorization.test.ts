import { describe, expect, test } from "vitest";
import { stream } from "../../random/index.ts";
import { memorization } from "./memorization.ts";

const cloud = (name: string, count: number, dim: number): Float32Array => {
  const random = stream(0, name);
  return Float32Array.from({ length: count * dim }, () => random.normal());
};

describe("memorization", () => {
  test("agrees with scikit-learn's neighbors and scipy's Mann-Whitney statistic", () => {
    const table = (count: number, f: (i: number, j: number) => number): Float64Array =>
      Float64Array.from({ length: 5 * count }, (_, at) => f(Math.floor(at / 5), at % 5));
    const real = table(60, (i, j) => Math.sin(0.7 * i * (j + 1) + j) + 0.3 * Math.cos(1.3 * i + j * j));
    const samples = table(50, (i, j) =>
      i < 10
        ? real[5 * i + j]! + 0.03 * (1 + j)
        : Math.sin(0.7 * i * (j + 1) + j + 0.5) + 0.3 * Math.cos(1.3 * i + j * j),
    );
    const found = memorization({ train: real.subarray(0, 150), test: real.subarray(150), samples }, 5);
    // scikit-learn 1.9.1 NearestNeighbors; scipy 1.17.1 mannwhitneyu: U = 848 of 1500 pairs above.
    expect(found.nearer).toBeCloseTo(1 - 848 / 1500, 12);
    expect(found.zScore).toBeCloseTo(0.9739318301999084, 12);
    expect(found.memorized).toBeCloseTo(0.02, 12);
    expect(found.memorizedTest).toBe(0);
    expect(found).toMatchObject({ copies: 0, duplicates: 0 });
  });

  test("finds no difference between a test set and fresh samples", () => {
    const [train, test_, samples] = [cloud("train", 2000, 8), cloud("test", 1000, 8), cloud("drawn", 1000, 8)];
    const { nearer, zScore, copies, memorized } = memorization({ train, test: test_, samples }, 8);
    expect(Math.abs(nearer - 0.5)).toBeLessThan(0.04);
    expect(Math.abs(zScore)).toBeLessThan(3);
    expect(copies).toBe(0);
    expect(memorized).toBeLessThan(0.01);
  });

  test("counts copies, near copies and repeated samples", () => {
    const train = cloud("train", 500, 8);
    const noise = cloud("noise", 100, 8);
    // 50 copies, 50 within a hundredth of a training example, 50 new ones and those again.
    const fresh = cloud("fresh", 50, 8);
    const samples = new Float32Array(200 * 8);
    samples.set(train.subarray(0, 400));
    samples.set(
      noise.subarray(0, 400).map((v, i) => train[400 + i]! + 0.01 * v),
      400,
    );
    samples.set(fresh, 800);
    samples.set(fresh, 1200);
    const found = memorization({ train, test: cloud("test", 300, 8), samples }, 8);
    expect(found.copies).toBe(0.25);
    expect(found.duplicates).toBeCloseTo(0.25, 12);
    expect(found.memorized).toBeGreaterThanOrEqual(0.5);
    expect(found.memorized).toBeLessThan(0.55);
    expect(found.memorizedTest).toBeLessThan(0.02);
    expect(found.nearer).toBeGreaterThan(0.7);
    expect(found.zScore).toBeLessThan(-3);
  });

  test("ties count half, as distances that are all the same show", () => {
    // Every sample and test number is at distance 1 from 0.
    const found = memorization(
      { train: Float32Array.of(0, 100), test: Float32Array.of(1, -1), samples: Float32Array.of(-1, 1) },
      1,
    );
    expect(found).toMatchObject({ nearer: 0.5, zScore: 0 });
  });

  // Of 0 and 4, 1 is at distances 1 and 3; of 8 twice, 8 is at 0 and 0.
  test("a third of the second distance is not less than a third", () => {
    const memorized = (...samples: readonly number[]): number =>
      memorization(
        { train: Float32Array.of(0, 4, 8, 8), test: Float32Array.of(5, 6), samples: Float32Array.from(samples) },
        1,
      ).memorized;
    expect(memorized(1, 8)).toBe(0);
    expect(memorized(0.75, 8)).toBe(0.5);
  });

  test("refuses the training set in another's place", () => {
    const train = cloud("train", 9, 2);
    expect(() => memorization({ train, test: train, samples: cloud("drawn", 9, 2) }, 2)).toThrow(
      "memorization: a set is the training examples themselves",
    );
  });
});
