import { beforeAll, describe, expect, test } from "vitest";
import { createDataset } from "../../data/dataset.ts";
import { whole } from "../../data/split.ts";
import { independent } from "../../distributions/independent.ts";
import { Normal } from "../../distributions/normal.ts";
import { constant } from "../../graph/tensor.ts";
import type { Model } from "../../models/model.ts";
import { stream } from "../../random/index.ts";
import type { Device } from "../../runtime/device.ts";
import { cpuDevice } from "../../runtime/node.ts";
import { createVariables } from "../../runtime/variables.ts";
import { type AnnealedEstimate, AnnealedLikelihood, type AnnealedOptions } from "./annealed-likelihood.ts";
import { TrainedModel } from "../trained-model.ts";

let cpu: Device;
beforeAll(async () => {
  cpu = await cpuDevice(1);
});

// x = W z + noise of variance v, z ~ N(0, I), with orthogonal columns of W: log p(x) is known, and the posterior much narrower than p(z).
const columns = [
  [1, 2, -1, 0],
  [2, -1, 0, 1],
];
const v = 0.2;
const lengths = columns.map((w) => w.reduce((sum, a) => sum + a * a, 0));
const example = (key: number): number[] => {
  const random = stream(key, "rows");
  const z = columns.map(() => random.normal());
  return columns[0]!.map((_, i) => columns.reduce((x, w, k) => x + w[i]! * z[k]!, 0) + Math.sqrt(v) * random.normal());
};
const rows = Array.from({ length: 12 }, (_, i) => example(i).map(Math.fround));
const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, x, i) => sum + x * b[i]!, 0);
const exactNll = (x: readonly number[], noise = v): number => {
  // Along each column the variance is |w|^2 + noise, across them noise.
  const along = columns.map((w, k) => dot(x, w) ** 2 / lengths[k]!);
  const across = dot(x, x) - along.reduce((a, b) => a + b);
  const squares = across / noise + along.reduce((sum, a, k) => sum + a / (lengths[k]! + noise), 0);
  const logDeterminant = 2 * Math.log(noise) + lengths.reduce((sum, l) => sum + Math.log(l + noise), 0);
  return (squares + logDeterminant + 4 * Math.log(2 * Math.PI)) / 2;
};

const model: Model = {
  objectives: () => [],
  latents: [
    {
      name: "z",
      shape: [2],
      dtype: "float32",
      prior: (_, count) => independent(new Normal(constant(0).broadcastTo([count, 2]), 1), 1),
    },
  ],
  decode: ({ z }) => independent(new Normal(z!.matmul(constant(columns.flat(), [2, 4])), Math.sqrt(v)), 1),
};

async function metricsOf(options: Partial<AnnealedOptions>, tested = model): Promise<AnnealedEstimate> {
  const values = Float32Array.from(rows.flat());
  const dataset = await createDataset({ name: "rows", description: "", shape: [4], size: 12, values, range: null });
  const trained = new TrainedModel(tested, { store: createVariables(cpu, []), shape: [4] });
  const parts = { split: whole(dataset), binarize: "none" as const };
  const evaluator = new AnnealedLikelihood(trained, { ...parts, temperatures: 200, ...options });
  const progress = evaluator.run();
  let next = await progress.next();
  while (!next.done) next = await progress.next();
  await evaluator.release();
  return next.value;
}

describe("the likelihood of a linear-Gaussian model by annealing", () => {
  test("is near the exact one of every example, from 16 chains of 300 steps", async () => {
    const { nll, nlls, acceptance } = await metricsOf({ temperatures: 300, chains: 16 });
    rows.forEach((x, i) => expect(Math.abs(nlls[i]! - exactNll(x))).toBeLessThan(0.6));
    const exact = rows.reduce((sum, x) => sum + exactNll(x), 0) / rows.length;
    expect(Math.abs(nll - exact)).toBeLessThan(0.15);
    expect(acceptance).toBeGreaterThan(0.5);
    expect(acceptance).toBeLessThan(0.9);
  });

  test("is between the bounds of examples sampled from the model, which close as the steps grow in number", async () => {
    const coarse = (await metricsOf({ temperatures: 20, chains: 4 })).simulated;
    const fine = (await metricsOf({ temperatures: 300, chains: 8 })).simulated;
    expect(coarse.gap).toBeGreaterThan(3 * fine.gap);
    expect(fine.gap).toBeGreaterThan(-3 * fine.gapStandardError);
    expect(fine.gap).toBeLessThan(0.5);
    expect(fine.upper - fine.lower).toBeCloseTo(fine.gap, 12);
  });

  test("is bounded from above in expectation, however few the steps", async () => {
    const { nlls } = await metricsOf({ temperatures: 10, chains: 2 });
    const excess = rows.map((x, i) => nlls[i]! - exactNll(x));
    expect(excess.reduce((a, b) => a + b) / rows.length).toBeGreaterThan(0.5);
  });

  // E[w] = p(x) holds for each schedule, however coarse, but only where every transition leaves the density of its own temperature as it
  // is: many chains of four temperatures, from a posterior that is not far from the prior.
  test("is without bias from a few temperatures: the mean weight of many chains is p(x)", async () => {
    const wide = 2;
    const near: Model = {
      ...model,
      decode: ({ z }) => independent(new Normal(z!.matmul(constant(columns.flat(), [2, 4])), wide), 1),
    };
    const { nlls } = await metricsOf({ temperatures: 4, chains: 4000, leapfrogs: 4 }, near);
    const excess = rows.map((x, i) => nlls[i]! - exactNll(x, wide ** 2));
    for (const each of excess) expect(Math.abs(each)).toBeLessThan(0.04);
    expect(Math.abs(excess.reduce((sum, each) => sum + each) / rows.length)).toBeLessThan(0.01);
  });

  test("depends on the seed alone", async () => {
    const options = { temperatures: 20, chains: 2 };
    const { nll } = await metricsOf({ ...options, seed: 1 });
    expect((await metricsOf({ ...options, seed: 1 })).nll).toBe(nll);
    expect((await metricsOf({ ...options, seed: 2 })).nll).not.toBe(nll);
  });
});

test("a model without p(z) is refused", async () => {
  const { latents: _, ...without } = model;
  await expect(metricsOf({}, without)).rejects.toThrow(/^annealing: [^\n]*, got a model that has no p\(z\), expected /);
});
