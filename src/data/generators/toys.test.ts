import { describe, expect, test } from "vitest";
import { sampleToy, findToy, toys } from "./toys.ts";
import { toySource } from "./toy-source.ts";

const count = 20_000;

describe.each(Object.entries(toys))("%s", (name, toy) => {
  const { points, components } = sampleToy(name, { count, seed: 1 });
  const at = (i: number) => [points[2 * i]!, points[2 * i + 1]!] as const;

  test("the density sums to 1, and the fraction of points in a cell is its integral", () => {
    // Midpoints of a grid over [-3.2, 3.2]^2, in cells of 4 x 4 of them.
    const [reach, steps, cells] = [3.2, 160, 40];
    const width = (2 * reach) / steps;
    const probabilities = new Float64Array(cells ** 2);
    for (let row = 0; row < steps; row++)
      for (let column = 0; column < steps; column++) {
        const [x, y] = [column, row].map((k) => (k + 0.5) * width - reach) as [number, number];
        const cell = Math.floor((row * cells) / steps) * cells + Math.floor((column * cells) / steps);
        probabilities[cell]! += Math.exp(toy.logDensity(x, y)) * width ** 2;
      }
    expect(probabilities.reduce((a, b) => a + b)).toBeCloseTo(1, 3);
    const seen = new Float64Array(cells ** 2);
    for (let i = 0; i < count; i++) {
      const [x, y] = at(i);
      seen[Math.floor(((y + reach) / 2 / reach) * cells) * cells + Math.floor(((x + reach) / 2 / reach) * cells)]! += 1;
    }
    let chiSquared = 0;
    let freedom = -1;
    probabilities.forEach((fraction, cell) => {
      if (fraction * count < 10) return;
      chiSquared += (seen[cell]! - fraction * count) ** 2 / (fraction * count);
      freedom += 1;
    });
    // Mean `freedom`, standard deviation sqrt(2 freedom): 5 of them.
    expect(Math.abs(chiSquared - freedom)).toBeLessThan(5 * Math.sqrt(2 * freedom));
  });

  test("components are equally likely", () => {
    for (let c = 0; c < toy.classes; c++) {
      const fraction = components.filter((component) => component === c).length / count;
      const std = Math.sqrt((toy.classes - 1) / count) / toy.classes;
      expect(Math.abs(fraction - 1 / toy.classes)).toBeLessThan(5 * std + 1e-12);
    }
  });

  test("a longer sample extends a shorter one, other seeds and parts differ", () => {
    const shorter = sampleToy(name, { count: 10, seed: 1 });
    expect(shorter.points).toEqual(points.slice(0, 20));
    expect(sampleToy(name, { count: 10, seed: 2 }).points).not.toEqual(shorter.points);
    expect(sampleToy(name, { count: 10, seed: 1, part: "test" }).points).not.toEqual(shorter.points);
  });
});

test("densities at points where they are plain", () => {
  const { "8gaussians": eight, checkerboard, rings } = toys;
  // One of eight Gaussians at its mean, the others 15 standard deviations away.
  expect(eight!.logDensity(2, 0)).toBeCloseTo(-Math.log(8) - Math.log(2 * Math.PI * 0.01), 10);
  expect(checkerboard!.logDensity(-1.5, -1.5)).toBeCloseTo(-Math.log(8), 12);
  expect(checkerboard!.logDensity(-0.5, -1.5)).toBe(-Infinity);
  expect(checkerboard!.logDensity(2.5, 0.5)).toBe(-Infinity);
  expect(rings!.logDensity(0, 2)).toBeCloseTo(
    Math.log(1 / 4 / (Math.sqrt(2 * Math.PI) * 0.05) / (2 * Math.PI * 2)),
    10,
  );
});

test("a curve's density is its integral: half a circle at its center", () => {
  // Every point of one arc lies at distance 1 from (-0.5, -0.25), the other's at what a fine sum finds.
  const steps = 100_000;
  let sum = 0;
  for (let i = 0; i < steps; i++) {
    const angle = (Math.PI * (i + 0.5)) / steps;
    const distance = (1 - Math.cos(angle)) ** 2 + (0.5 - Math.sin(angle)) ** 2;
    sum += (Math.exp(-1 / 0.02) + Math.exp(-distance / 0.02)) / 2 / steps;
  }
  expect(findToy("moons").logDensity(-0.5, -0.25)).toBeCloseTo(Math.log(sum / (2 * Math.PI * 0.01)), 8);
});

test.each(["spirals", "swissroll"])("the quadrature of %s agrees with a sum of 100,000 points", (name) => {
  const [arms, std] = name === "spirals" ? [[0, 0.5], 0.05] : [[0.75], 0.05];
  for (const [x, y] of [
    [0.4, 0.3],
    [-1, 0.2],
    [0, -0.6],
    [1.3, -1.1],
  ] as const) {
    let sum = 0;
    for (let i = 0; i < 100_000; i++)
      for (const turn of arms) {
        const v = (i + 0.5) / 100_000;
        // With u = v^2, du = 2 v dv, the arms of the spirals are smooth.
        const [radius, angle, weight] =
          name === "spirals" ? [2 * v, turn + 1.5 * v, 2 * v] : [0.5 + 1.5 * v, turn + v, 1];
        const [cx, cy] = [radius * Math.cos(2 * Math.PI * angle), radius * Math.sin(2 * Math.PI * angle)];
        sum += (weight * Math.exp(-((x - cx) ** 2 + (y - cy) ** 2) / (2 * std ** 2))) / arms.length / 100_000;
      }
    const exact = Math.log(sum / (2 * Math.PI * std ** 2));
    expect(Math.abs(findToy(name).logDensity(x, y) - exact)).toBeLessThan(3e-8);
  }
});

test("the Gaussians of a toy are its density: at a mean far from the others, -log(n 2 pi std^2)", () => {
  for (const [name, count] of [
    ["8gaussians", 8],
    ["25gaussians", 25],
  ] as const) {
    const { means, std } = findToy(name).gaussians!;
    expect(means).toHaveLength(count);
    for (const [x, y] of means)
      expect(findToy(name).logDensity(x, y)).toBeCloseTo(-Math.log(count * 2 * Math.PI * std ** 2), 9);
  }
  expect(findToy("moons").gaussians).toBeUndefined();
});

test("a source of points", async () => {
  const source = await toySource({ name: "moons", size: 500, seed: 2 });
  expect([source.train, source.validation, source.test].map(({ indices }) => indices.length)).toEqual([500, 50, 50]);
  expect(source.train.dataset).toMatchObject({ shape: [2], range: null, classNames: ["0", "1"] });
  expect((await toySource({ name: "checkerboard", size: 10 })).train.dataset.labels).toBeUndefined();
  await expect(toySource({ name: "moon" })).rejects.toThrow(/^toy: no such toy, got "moon", expected 8gaussians, /);
  await expect(toySource({ name: "constructor" })).rejects.toThrow(/no such toy/);
  await expect(toySource({ name: "moons", size: 1e8 })).rejects.toThrow(/size out of range/);
});
