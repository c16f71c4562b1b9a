import { describe, expect, test } from "vitest";
import { noiseValues } from "../../../test/noise-values.ts";
import type { Distribution } from "../../distributions/distribution.ts";
import { constant, type Tensor } from "../../graph/tensor.ts";
import { compute } from "../../runtime/compute.ts";
import { cpuDevice } from "../../runtime/node.ts";
import { circle, type FixedPrior, standardNormal, swissRoll } from "./fixed-priors.ts";

const count = 10_000;
const device = await cpuDevice(1);
const numbers = async (t: Tensor): Promise<readonly number[]> =>
  Array.from((await compute(device, [t], noiseValues([t], 3)))[0]!.data);
const classes = (label: number, rows = count): Tensor => constant([label], [1], "int64").broadcastTo([rows]);

/** Of points, by coordinate. */
const momentsOf = (values: readonly number[]) =>
  [0, 1].map((axis) => {
    const of = values.filter((_, i) => i % 2 === axis);
    const mean = of.reduce((s, v) => s + v, 0) / of.length;
    return { mean, variance: of.reduce((s, v) => s + (v - mean) ** 2, 0) / of.length };
  });

const priors: readonly (readonly [name: string, prior: FixedPrior, labels: readonly number[]])[] = [
  ["N(0, I)", standardNormal(2), []],
  ["the circle", circle(10), [0, 3]],
  ["a circle of two", circle(2), [1]],
  ["the Swiss roll", swissRoll(10), [0, 9]],
];
const cases = priors.flatMap(([name, prior, labels]) =>
  [undefined, -1, ...labels].map((label) => [name, label ?? "none", prior, label] as const),
);

describe.each(cases)("%s, class %s", (_, __, prior, label) => {
  const of = (rows: number): Distribution => prior(rows, label === undefined ? undefined : classes(label, rows));

  test("has the samples' mean and variance", async () => {
    const found = await numbers(of(count).sample());
    const one = of(1);
    const [means, variances] = [
      await numbers(one.mean.broadcastTo(one.shape)),
      await numbers(one.variance.broadcastTo(one.shape)),
    ];
    momentsOf(found).forEach(({ mean, variance }, axis) => {
      expect(Math.abs(mean - means[axis]!)).toBeLessThan(5 * Math.sqrt(variance / count));
      expect(Math.abs(variance / variances[axis]! - 1)).toBeLessThan(0.08);
    });
  });

  test("has a density whose integral is 1, and whose mean log over samples is its own", async () => {
    // Midpoints of a grid over everything that has probability.
    const [half, side] = [4.5, 120];
    const step = (2 * half) / side;
    const middle = (i: number): number => -half + (i + 0.5) * step;
    let [total, mean] = [0, 0];
    const row = (i: number): Tensor =>
      constant(Array.from({ length: side }, (_, k) => [middle(k), middle(i)]).flat(), [side, 2]);
    const densities = Array.from({ length: side }, (_, i) => of(side).logProb(row(i)));
    for (const { data } of await compute(device, densities))
      for (const logP of data) {
        total += Math.exp(logP) * step ** 2;
        if (logP > -80) mean += Math.exp(logP) * logP * step ** 2;
      }
    expect(total).toBeCloseTo(1, 2);
    const p = of(1000);
    const sampled = await numbers(p.logProb(p.sample()));
    const average = sampled.reduce((s, v) => s + v, 0) / sampled.length;
    const deviation = Math.sqrt(sampled.reduce((s, v) => s + (v - average) ** 2, 0) / sampled.length);
    expect(Math.abs(average - mean)).toBeLessThan((4 * deviation) / Math.sqrt(sampled.length) + 0.01);
  });
});

test("variances of all classes together are about 1, so that one scale suits every prior", async () => {
  for (const prior of [circle(10), swissRoll(10)])
    for (const variance of await numbers(prior(1).variance.broadcastTo([1, 2])))
      expect(Math.abs(variance - 1)).toBeLessThan(0.2);
});

test("the mode of class k is elongated in the direction 2 pi k / 10", async () => {
  for (const label of [0, 3, 7]) {
    const values = await numbers(circle(10)(count, classes(label)).sample());
    const angle = (2 * Math.PI * label) / 10;
    const turned = values.map((_, i) =>
      i % 2 === 0
        ? Math.cos(angle) * values[i]! + Math.sin(angle) * values[i + 1]!
        : Math.cos(angle) * values[i]! - Math.sin(angle) * values[i - 1]!,
    );
    const [along, across] = momentsOf(turned);
    expect(along!.mean).toBeCloseTo(1.3, 1);
    expect(across!.mean).toBeCloseTo(0, 2);
    expect(Math.sqrt(along!.variance)).toBeCloseTo(0.5, 1);
    expect(Math.sqrt(across!.variance)).toBeCloseTo(0.1, 2);
  }
});

test("segments of the Swiss roll follow each other outwards, along the spiral", async () => {
  for (const label of [1, 5, 9]) {
    const values = await numbers(swissRoll(10)(count, classes(label)).sample());
    const [low, high] = [label / 10, (label + 1) / 10].map((u) => 2 * Math.sqrt(u)) as [number, number];
    const radii = Array.from({ length: count }, (_, i) => Math.hypot(values[2 * i]!, values[2 * i + 1]!));
    // Two standard deviations of the noise.
    const inside = radii.filter((r) => r > low - 0.1 && r < high + 0.1).length;
    expect(inside / count).toBeGreaterThan(0.95);
  }
});

test("classes of one batch each have their own part", async () => {
  const points = [1.2, 0.1, -1.3, 0.2, 0.4, 0.3];
  for (const prior of [circle(10), swissRoll(10)]) {
    const found = await numbers(prior(3, constant([0, 5, -1], [3], "int64")).logProb(constant(points, [3, 2])));
    for (const [i, label] of [0, 5, undefined].entries()) {
      const own = prior(1, label === undefined ? undefined : classes(label, 1));
      const [alone] = await numbers(own.logProb(constant(points.slice(2 * i, 2 * i + 2), [1, 2])));
      expect(found[i]! - alone!).toBeCloseTo(0, 3);
    }
  }
});
