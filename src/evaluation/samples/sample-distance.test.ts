import { describe, expect, test } from "vitest";
import { z } from "zod";
import { createDataset } from "../../data/dataset.ts";
import { digitsSource } from "../../data/generators/digits.ts";
import { createDataSource, type DataSource, split } from "../../data/split.ts";
import { toySource } from "../../data/generators/toy-source.ts";
import { constant, noise, type Tensor } from "../../graph/tensor.ts";
import { featureMoments, frechetDistance } from "../../metrics/samples/frechet-distance.ts";
import { firstExamples } from "../../data/first-examples.ts";
import { ae, vae } from "../../models/index.ts";
import type { Model } from "../../models/model.ts";
import { dataSpec } from "../../data/spec.ts";
import { cast } from "../../ops/comparison.ts";
import { cos, floor, sin } from "../../ops/elementwise.ts";
import { concat, reshape } from "../../ops/movement.ts";
import { stream } from "../../random/index.ts";
import { cpuDevice } from "../../runtime/node.ts";
import { createVariables } from "../../runtime/variables.ts";
import type { Context } from "../../nn/context.ts";
import { rawExtractor } from "../extractors/raw.ts";
import { TrainedModel } from "../trained-model.ts";
import { type Comparison, comparisonCost, comparisonFor, SampleDistance } from "./sample-distance.ts";

/** A model without weights: its samples are what `samples` says. */
const samplerModel = (samples: (count: number, context: Context) => Tensor, more: Partial<Model> = {}): Model => ({
  objectives: () => [],
  sampler: {
    options: z.strictObject({}),
    schedule: () => [],
    start: (count, _, context) => ({ x: samples(count, context) }),
    finish: ({ x }) => x!,
  },
  ...more,
});

async function distanceOf(model: Model, source: DataSource, comparison: Partial<Comparison> = {}) {
  const device = await cpuDevice(1);
  const { shape } = source.train.dataset;
  const trained = new TrainedModel(model, { store: createVariables(device, []), shape });
  const found = comparisonFor(model, source, comparison.distance ?? "auto");
  const all = { ...found.comparison!, ...comparison };
  return new SampleDistance(trained, { comparison: all, extractor: rawExtractor(shape), seed: 0 });
}

describe("how samples are compared", () => {
  const spec = dataSpec([1, 28, 28]);
  const model = vae.build(vae.config.parse({}), spec);
  const ofPoints = samplerModel((count) => noise.normal([count, 2]));

  test("labeled images in features of small-28, all else as it is, in as many samples as validation examples", async () => {
    const digits = await digitsSource({ size: 6000 });
    expect(comparisonFor(model, digits, "auto").comparison).toEqual({
      distance: "frechet",
      extractor: "small-28",
      dim: 128,
      samples: 600,
      examples: 600,
    });
    const { labels: _, classNames: __, ...unlabeled } = digits.train.dataset;
    const train = { ...digits.train, dataset: unlabeled };
    expect(comparisonFor(model, { ...digits, train }, "auto").comparison).toMatchObject({
      distance: "kid",
      extractor: "raw",
      dim: 784,
    });
    const toys = await toySource({ name: "moons", size: 30_000 });
    const raw = { extractor: "raw", dim: 2 };
    expect(comparisonFor(ofPoints, toys, "auto").comparison).toEqual({
      ...raw,
      distance: "mmd",
      samples: 512,
      examples: 512,
    });
    expect(comparisonFor(ofPoints, toys, "frechet").comparison).toEqual({
      ...raw,
      distance: "frechet",
      samples: 2048,
      examples: 3000,
    });
  });

  test("few examples for their features by a distance without bias, very few by none", async () => {
    const some = await digitsSource({ size: 2000 });
    expect(comparisonFor(model, some, "auto").comparison).toMatchObject({ distance: "kid", samples: 200 });
    expect(comparisonFor(model, some, "frechet").comparison).toMatchObject({ distance: "frechet", samples: 200 });
    const fewer = await digitsSource({ size: 1000 });
    expect(comparisonFor(model, fewer, "frechet").lacking).toEqual({
      got: "100 validation examples",
      expected: "at least 129 for frechet of 128 features, or kid",
    });
    const fewest = await digitsSource({ size: 300 });
    expect(comparisonFor(model, fewest, "auto").lacking).toEqual({
      got: "30 validation examples",
      expected: "at least 40 for kid of 128 features",
    });
    expect(comparisonFor(ae.build(ae.config.parse({}), spec), some, "auto").lacking?.got).toBe(
      "a model that does not sample by itself",
    );
  });

  test("a sampler of many steps makes fewer samples, which cost as many steps", async () => {
    const toys = await toySource({ name: "moons", size: 30_000 });
    const slow: Model = {
      ...ofPoints,
      sampler: { ...ofPoints.sampler!, schedule: () => Array.from({ length: 1000 }, (_, t) => ({ t })) },
    };
    const found = comparisonFor(slow, toys, "auto").comparison!;
    expect(found.samples).toBe(131);
    expect(comparisonCost(slow, found) - comparisonCost(ofPoints, found)).toBeCloseTo(0.25 * 131 * 999, 6);
  });
});

describe("the distance", () => {
  test("is the Frechet distance to the split's examples, the same each time, by other samples where asked", async () => {
    const toys = await toySource({ name: "moons", size: 4000 });
    const model = samplerModel((count) => noise.normal([count, 2]));
    const distance = await distanceOf(model, toys, { distance: "frechet" });
    const { frechet } = await distance.to(toys.validation);
    const device = await cpuDevice(1);
    const trained = new TrainedModel(model, { store: createVariables(device, []), shape: [2] });
    const moments = (x: Float32Array) => featureMoments(x, 2);
    const expected = frechetDistance(
      moments(await trained.sample(400, { seed: 0 })),
      moments(firstExamples(toys.validation, 400)),
    );
    expect(frechet).toBeCloseTo(expected, 10);
    expect(await distance.to(toys.validation)).toEqual({ frechet });
    expect(distance.next).toBe(448);
    const other = await distance.to(toys.validation, { first: distance.next });
    expect(other["frechet"]).not.toBe(frechet);
    expect(Math.abs(other["frechet"]! - frechet!)).toBeLessThan(0.2);
  });

  test("of a generator that has collapsed is that of a point, not an error; of one that diverged is NaN", async () => {
    const toys = await toySource({ name: "8gaussians", size: 4000 });
    const collapsed = samplerModel((count) => constant(3).broadcastTo([count, 2]));
    const point = await distanceOf(collapsed, toys, { distance: "frechet" });
    const { mean, covariance } = featureMoments(firstExamples(toys.validation, 400), 2);
    const expected = (mean[0]! - 3) ** 2 + (mean[1]! - 3) ** 2 + covariance[0]! + covariance[3]!;
    expect((await point.to(toys.validation))["frechet"]).toBeCloseTo(expected, 8);
    for (const [distance, name] of [
      ["kid", "kid"],
      ["mmd", "mmd2"],
    ] as const) {
      const far = await (await distanceOf(collapsed, toys, { distance })).to(toys.validation);
      expect(far[name]).toBeGreaterThan(0.5);
    }
    const diverged = await distanceOf(
      samplerModel((count) => noise.normal([count, 2]).div(0)),
      toys,
    );
    expect(await diverged.to(toys.validation)).toEqual({ mmd2: Number.NaN });
  });

  test("tells a blur of the same mean and covariance from modes, which a Frechet distance does not", async () => {
    const toys = await toySource({ name: "8gaussians", size: 6000 });
    const { mean, covariance } = featureMoments(firstExamples(toys.train, 6000), 2);
    const std = Math.sqrt((covariance[0]! + covariance[3]!) / 2);
    const blur = samplerModel((count) => noise.normal([count, 2]).mul(std).add(mean[0]!));
    const angle = (count: number): Tensor => floor(noise.uniform([count, 1]).mul(8)).mul(Math.PI / 4);
    const ring = samplerModel((count) => {
      const at = angle(count);
      return concat([cos(at), sin(at)], 1)
        .mul(2)
        .add(noise.normal([count, 2]).mul(0.1));
    });
    const of = async (model: Model, distance: "frechet" | "mmd") =>
      Object.values(await (await distanceOf(model, toys, { distance })).to(toys.validation))[0]!;
    expect(await of(blur, "frechet")).toBeLessThan(0.1);
    const [ofBlur, ofRing] = [await of(blur, "mmd"), await of(ring, "mmd")];
    expect(ofBlur).toBeGreaterThan(0.05);
    expect(Math.abs(ofRing)).toBeLessThan(0.01);
  });

  test("of a conditional model is by the class frequencies of the examples; a split of too few has none", async () => {
    const random = stream(0, "classes");
    const size = 2000;
    // Nine of ten examples are of class 0, at 0; the others of class 1, at 5.
    const labels = Uint8Array.from({ length: size }, () => Number(random.uniform() < 0.1));
    const values = Float32Array.from({ length: 2 * size }, (_, i) => 5 * labels[i >> 1]! + random.normal());
    const dataset = await createDataset({
      name: "classes",
      description: "",
      shape: [2],
      size,
      values,
      range: null,
      labels,
      classNames: ["left", "right"],
    });
    const source = await createDataSource({
      name: "classes",
      description: "",
      ...split(dataset, { test: 0.01, validation: 0.4 }),
    });
    const model = samplerModel(
      (count, { condition }) =>
        noise.normal([count, 2]).add(reshape(cast(condition!["class"]!, "float32"), [count, 1]).mul(5)),
      { condition: { fields: [{ name: "class", kind: "class", classes: ["left", "right"] }], required: true } },
    );
    const distance = await distanceOf(model, source, { distance: "frechet" });
    // With both classes as often the means alone were 4 sqrt(2) / 2 apart, a distance of 8.
    expect((await distance.to(source.validation))["frechet"]).toBeLessThan(0.1);
    expect(await distance.to(source.test)).toEqual({});
  });
});
