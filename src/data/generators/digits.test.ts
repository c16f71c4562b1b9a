import { expect, test } from "vitest";
import { digits, digitsSource } from "./digits.ts";
import type { Dataset } from "../dataset.ts";

const SIZE = 784;
const image = ({ values }: Dataset, i: number) => Array.from((values as Uint8Array).subarray(i * SIZE, (i + 1) * SIZE));

const train = await digits({ size: 3000, seed: 1 });
const other = await digits({ size: 1000, seed: 2 });

test("a digit depends on seed, part and index only", async () => {
  const shorter = await digits({ size: 10, seed: 1 });
  expect(image(shorter, 9)).toEqual(image(train, 9));
  expect(shorter.labels).toEqual(train.labels!.slice(0, 10));
  expect((await digits({ size: 10, seed: 1 })).fingerprint).toBe(shorter.fingerprint);
  for (const changed of [{ seed: 2 }, { seed: 1, part: "test" }] as const)
    expect((await digits({ size: 10, ...changed })).fingerprint).not.toBe(shorter.fingerprint);
});

// The digits of seed 1 are part of what a run's fingerprint promises; a changed generator has to change this line.
test("the same bytes on every machine", async () => {
  const { fingerprint } = await digits({ size: 100, seed: 1 });
  expect(fingerprint).toMatchInlineSnapshot(`"a532534f9cc6b551be5888c686242062c4777321e86d30b258bf0573c2820b66"`);
});

test("no two digits are alike", () => {
  const seen = new Set(Array.from({ length: train.size }, (_, i) => image(train, i).join()));
  expect(seen.size).toBe(train.size);
});

// MNIST's training images: mean 0.1307, standard deviation 0.3081, 81% of the pixels 0.
test("ink is distributed as in MNIST", () => {
  const pixels = Array.from(train.values, (value) => value / 255);
  const mean = pixels.reduce((sum, p) => sum + p, 0) / pixels.length;
  const std = Math.sqrt(pixels.reduce((sum, p) => sum + (p - mean) ** 2, 0) / pixels.length);
  const black = pixels.filter((p) => p === 0).length / pixels.length;
  expect(mean).toBeGreaterThan(0.12);
  expect(mean).toBeLessThan(0.14);
  expect(std).toBeGreaterThan(0.29);
  expect(std).toBeLessThan(0.33);
  expect(black).toBeGreaterThan(0.78);
  expect(black).toBeLessThan(0.83);
});

test("digits are inked, clear of the border and centered", () => {
  for (let i = 0; i < train.size; i++) {
    const pixels = image(train, i);
    let onBorder = 0;
    let mass = 0;
    let across = 0;
    let down = 0;
    pixels.forEach((value, at) => {
      const column = at % 28;
      const row = Math.floor(at / 28);
      if (row === 0 || row === 27 || column === 0 || column === 27) onBorder += value;
      mass += value;
      across += value * column;
      down += value * row;
    });
    expect(onBorder).toBe(0);
    expect(Math.max(...pixels)).toBeGreaterThan(200);
    expect(Math.abs(across / mass - 13.5)).toBeLessThan(2.5);
    expect(Math.abs(down / mass - 13.5)).toBeLessThan(2.5);
  }
});

test("classes are equally frequent", () => {
  const counts = Array.from({ length: 10 }, () => 0);
  for (const label of train.labels!) counts[label]!++;
  // 300 expected, standard deviation 16.
  for (const count of counts) expect(Math.abs(count - 300)).toBeLessThan(66);
});

/** Index of the class whose mean of the first 2000 training images is nearest in squared distance. */
function nearestClassMean(): (i: number) => number {
  const sums = Array.from({ length: 10 }, () => new Float64Array(SIZE));
  const counts = new Float64Array(10);
  for (let i = 0; i < 2000; i++) {
    const label = train.labels![i]!;
    counts[label]!++;
    image(train, i).forEach((value, at) => (sums[label]![at]! += value));
  }
  const means = sums.map((sum, label) => sum.map((value) => value / counts[label]!));
  return (i) => {
    const pixels = image(other, i);
    const distances = means.map((mean) => pixels.reduce((sum, value, at) => sum + (value - mean[at]!) ** 2, 0));
    return distances.indexOf(Math.min(...distances));
  };
}

/** The nearest of the first 2000 training images in squared distance. */
function nearestNeighbor(i: number): number {
  const { values } = train;
  let best = Infinity;
  let label = -1;
  for (let k = 0; k < 2000; k++) {
    let distance = 0;
    for (let at = 0; at < SIZE && distance < best; at++) {
      const difference = values[k * SIZE + at]! - other.values[i * SIZE + at]!;
      distance += difference * difference;
    }
    if (distance < best) {
      best = distance;
      label = train.labels![k]!;
    }
  }
  return label;
}

const accuracy = (classify: (i: number) => number) =>
  Array.from({ length: other.size }, (_, i) => i).filter((i) => classify(i) === other.labels![i]).length / other.size;

// MNIST itself with 2000 examples: 0.77 by class means, 0.91 by nearest neighbors.
test("digits of another seed can be classified, but not by class means alone", () => {
  const byMean = accuracy(nearestClassMean());
  expect(byMean).toBeGreaterThan(0.72);
  expect(byMean).toBeLessThan(0.9);
  expect(accuracy(nearestNeighbor)).toBeGreaterThan(0.87);
});

test("a source's parts are independent and of the sizes asked for", async () => {
  const { train, validation, test: tested } = await digitsSource({ size: 200, validation: 30, seed: 5 });
  expect([train, validation, tested].map(({ indices }) => indices.length)).toEqual([200, 30, 30]);
  const prints = new Set([train, validation, tested].map(({ dataset }) => dataset.fingerprint));
  expect(prints.size).toBe(3);
  expect(image(train.dataset, 0)).not.toEqual(image(validation.dataset, 0));
});

test.each([0, -1, 1.5, 1e7, Number.NaN])("size %s is refused", async (size) => {
  await expect(digits({ size })).rejects.toThrow(/^digits: size out of range/);
  await expect(digitsSource({ size })).rejects.toThrow(/^digits: size out of range/);
});
