import { describe, expect, test } from "vitest";
import { createDataset, type Dataset } from "../src/data/dataset.ts";
import { createDataSource, split } from "../src/data/split.ts";
import { findModel } from "../src/models/registry.ts";
import { loadRun } from "../src/runs/load-run.ts";
import { memoryStores } from "../src/runs/storage/memory-store.ts";
import { nodePlatform } from "../src/node/platform.ts";
import type { Platform } from "../src/runs/platform.ts";
import { sampleGrid } from "../src/runs/pictures/run-pictures.ts";
import { startRun } from "../src/runs/start-run.ts";
import { noTrackers } from "../src/runs/tracking/tracking.ts";
import { cpuDevice } from "../src/runtime/node.ts";
import { follow } from "./follow-training.ts";

// Models conditioned on anything but a few classes, from the data to samples of what was trained.
const platform: Platform = { ...nodePlatform, openStore: memoryStores(), trackers: noTrackers };

const [size, side] = [512, 4];
const pixels = side * side;
const bright = (i: number): number => ((i * 37) % size) / size;

/** Images of one brightness each, the upper half of them darker for odd labels. */
const images = (labels: Uint8Array | Uint16Array, brightness: (i: number) => number): Promise<Dataset> =>
  createDataset({
    name: "bars",
    description: "",
    shape: [1, side, side],
    size,
    values: Float32Array.from({ length: size * pixels }, (_, at) => {
      const [i, row] = [Math.floor(at / pixels), Math.floor((at % pixels) / side)];
      return brightness(i) * (labels[i]! % 2 === 1 && row < side / 2 ? 0.25 : 1);
    }),
    range: [0, 1],
    labels,
    fields: {
      light: {
        kind: "numbers",
        shape: [2],
        values: Float32Array.from({ length: 2 * size }, (_, at) => (at % 2 ? -1 : 1) * brightness(at >> 1)),
      },
    },
  });

async function trained(
  dataset: Dataset,
  out: string,
  options: { readonly fields: readonly string[]; readonly steps: number },
) {
  const { fields, steps } = options;
  const definition = findModel("cvae");
  const config = {
    fields,
    latentDim: 1,
    hiddenDims: [32],
    likelihood: "gaussian-learned",
    network: "mlp",
    prior: "standard",
  };
  const settings = { steps, batchSize: 64, learningRate: 5e-3, picturesEvery: 20, device: "cpu", threads: 1 } as const;
  const request = { definition, config, settings, data: "bars", binarize: "auto" as const, seed: 1 };
  const parts = split(dataset, { validation: 64, test: 64, seed: 1 });
  const source = await createDataSource({ ...parts, name: "bars", description: "" });
  const events = await follow(await startRun(request, { out, source }, platform));
  const done = events.at(-1);
  expect(done?.kind === "done" && Object.values(done.metrics.test).every(Number.isFinite)).toBe(true);
  return loadRun(out, await cpuDevice(1), platform);
}
const mean = (values: Float32Array): number => values.reduce((sum, v) => sum + v, 0) / values.length;

const upper = (image: Float32Array): Float32Array => image.slice(0, pixels / 2);
const lower = (image: Float32Array): Float32Array => image.slice(pixels / 2);

describe("a model conditioned on numbers", async () => {
  const labels = new Uint8Array(size);
  const run = await trained(await images(labels, bright), "numbers", { fields: ["light"], steps: 400 });
  const { trained: model } = run;

  test("samples what they say", async () => {
    for (const light of [0.2, 0.8]) {
      const samples = await model.given({ light: [light, -light] }).sample(32, { mean: true });
      expect(Math.abs(mean(samples) - light)).toBeLessThan(0.05);
    }
    // Rows take turns.
    const both = await model.given({ light: [0.2, -0.2, 0.8, -0.8] }).sample(2, { mean: true });
    expect(mean(both.slice(pixels)) - mean(both.slice(0, pixels))).toBeGreaterThan(0.5);
  });

  test("keeps the field in the run, and asks for it", async () => {
    expect(run.run.info.data.fields).toContainEqual({ name: "light", kind: "numbers", shape: [2] });
    await expect(model.sample(1)).rejects.toThrow(
      "model: it is of p(x | light), got no light to sample with, expected numbers of shape [2], by --condition or given()",
    );
    expect(() => model.given({ class: [0] })).toThrow(/^condition: [^\n]*, got class, expected light$/);
  });
});

describe("a model conditioned on a class and on numbers", async () => {
  const labels = Uint8Array.from({ length: size }, (_, i) => i % 2);
  const run = await trained(await images(labels, bright), "both", { fields: ["class", "light"], steps: 600 });
  const { trained: model } = run;

  test("samples what both say", async () => {
    for (const light of [0.3, 0.9]) {
      const [even, odd] = [0, 1].map((label) => model.given({ class: [label], light: [light, -light] }));
      const [whole, halved] = [await even!.sample(16, { mean: true }), await odd!.sample(16, { mean: true })];
      const of = (part: (image: Float32Array) => Float32Array, samples: Float32Array): number =>
        mean(part(samples.slice(0, pixels)));
      expect(Math.abs(of(upper, whole) - light)).toBeLessThan(0.12);
      expect(Math.abs(of(lower, halved) - light)).toBeLessThan(0.12);
      expect(of(upper, halved)).toBeLessThan(0.6 * of(upper, whole));
    }
  });

  test("asks for the one that is missing", async () => {
    await expect(model.given({ class: [1] }).sample(1)).rejects.toThrow(
      "model: it is of p(x | class, light), got no light to sample with, expected numbers of shape [2], by --condition or given()",
    );
    await expect(model.given({ light: [0, 0] }).sample(1)).rejects.toThrow(
      "model: it is of p(x | class, light), got no class to sample with, expected a class from 0 to 1, by --label or given()",
    );
  });
});

describe("a model of 300 classes", async () => {
  const labels = Uint16Array.from({ length: size }, (_, i) => (i * 7) % 300);
  const run = await trained(await images(labels, (i) => labels[i]! / 299), "classes", {
    fields: ["class"],
    steps: 300,
  });
  const { trained: model } = run;

  test("tells the last from those whose number ends in the same byte", async () => {
    const classes = run.run.info.data.fields?.find(({ name }) => name === "class");
    expect(classes?.kind === "class" && classes.classes).toHaveLength(300);
    // 299 and 43 are 256 apart.
    const [last, same] = [299, 43].map((label) => model.given({ class: [label] }).sample(32, { mean: true }));
    const [bright, dark] = [mean(lower((await last!).slice(0, pixels))), mean(lower((await same!).slice(0, pixels)))];
    expect(bright - dark).toBeGreaterThan(0.3);
    expect(() => model.given({ class: [300] })).toThrow("class: not a class of the model, got 300, expected 0 to 299");
  });

  test.each([1, 64, 300, 301])("makes %i samples where so many are asked for", async (count) => {
    const grid = await sampleGrid(model, { count, mean: true });
    expect(grid.count).toBe(count);
    expect(grid.sets.map((set) => set.length)).toEqual([count * pixels]);
  });
});
