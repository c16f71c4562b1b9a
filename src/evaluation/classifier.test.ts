import { afterAll, beforeAll, expect, test } from "vitest";
import { Batches } from "../data/batches.ts";
import { createDataset } from "../data/dataset.ts";
import { digits } from "../data/generators/digits.ts";
import { splitSpec } from "../data/split-spec.ts";
import { type Split, whole } from "../data/split.ts";
import { findModel } from "../models/registry.ts";
import { variables } from "../nn/module.ts";
import { adam } from "../optim/adam.ts";
import type { Device } from "../runtime/device.ts";
import { cpuDevice } from "../runtime/node.ts";
import { classAccuracy } from "./class-accuracy.ts";
import { Classifier, classifierFeatures, classifierOf, trainClassifier, type TrainedClassifier } from "./classifier.ts";
import { compileStep } from "../training/compile-step.ts";
import { fit } from "../training/fit.ts";
import { TrainedModel } from "./trained-model.ts";

let device: Device;
let train: Split;
let held: Split;
let classifier: TrainedClassifier;
beforeAll(async () => {
  device = await cpuDevice(1);
  train = whole(await digits({ size: 4000 }));
  held = whole(await digits({ size: 1000, part: "test" }));
  classifier = await trainClassifier({ device, split: train, epochs: 3 });
});
afterAll(() => classifier.release());

const examples = (split: Split, count: number): Float32Array => {
  const batches = new Batches(split, { batchSize: count, purpose: "evaluation" });
  const x = new Float32Array(count * batches.exampleSize);
  batches.fillExamples(x, { epoch: 0, index: 0 });
  return x;
};

test("knows digits it has not seen, and says how often it does not", async () => {
  const error = await classifier.error(held);
  expect(error).toBeLessThan(0.05);
  const found = await classifier.classify(examples(held, 1000));
  const wrong = found.filter((label, i) => label !== held.dataset.labels![i]).length;
  expect(error).toBeCloseTo(wrong / 1000, 10);
});

test("is the same for the same seed", async () => {
  const small = { ...train, indices: train.indices.subarray(0, 500) };
  const x = examples(held, 300);
  const [a, b, c] = await Promise.all(
    [1, 1, 2].map(async (seed) => {
      const trained = await trainClassifier({ device, split: small, epochs: 1, seed });
      const features = await trained.features(x);
      await trained.release();
      return features;
    }),
  );
  expect(a).toHaveLength(300 * classifierFeatures);
  expect(a).toEqual(b);
  expect(a).not.toEqual(c);
});

test("learns what is not an image too, and refuses data without labels", async () => {
  const points = { name: "points", description: "", shape: [2], size: 400, range: [0, 1] } as const;
  // Four corners.
  const labels = Uint8Array.from({ length: 400 }, (_, i) => i % 4);
  const values = Float32Array.from({ length: 800 }, (_, k) => {
    const label = labels[k >> 1]!;
    return ((k % 2 ? label >> 1 : label) & 1) * 0.8 + 0.1 + 0.08 * Math.sin(k);
  });
  const corners = whole(await createDataset({ ...points, values, labels }));
  const trained = await trainClassifier({ device, split: corners, epochs: 40 });
  expect(await trained.error(corners)).toBe(0);
  await trained.release();
  const unlabeled = whole(await createDataset({ ...points, values }));
  await expect(trainClassifier({ device, split: unlabeled })).rejects.toThrow(
    "classifier: points has no labels, got none, expected labeled examples",
  );
});

test("names classes beyond the 256th", async () => {
  const network = new Classifier([2], 300);
  const weights = new Map(
    [...variables(network)].map(([name, { shape, size }]) => {
      const data = new Float32Array(size);
      // The last class is the likeliest, whatever is seen.
      if (name === "output.bias") data[299] = 1;
      return [name, { dtype: "F32" as const, shape, data }];
    }),
  );
  const last = await classifierOf(network, { device, shape: [2], weights });
  expect(Array.from(await last.classify(new Float32Array(4)))).toEqual([299, 299]);
  await last.release();
});

test("separates samples of a class from those of others", async () => {
  const definition = findModel("cvae");
  const model = definition.build(definition.config.parse({ latentDim: 4 }), splitSpec(train));
  const batchSize = 100;
  const { shape } = train.dataset;
  const step = compileStep(model, { device, shape, batchSize, optimizer: adam({ learningRate: 2e-3 }) });
  await step.initialize(0);
  const trained = new TrainedModel(model, { store: step.store, shape });
  const before = await classAccuracy(trained, classifier, { perClass: 50 });
  // Before training all samples look alike: one class has them.
  expect(before.accuracy).toBeCloseTo(0.1, 1);
  const batches = new Batches(train, { batchSize, purpose: "training", fields: model.condition!.fields });
  for await (const _ of fit({ step, batches, seed: 0, steps: 400 })) continue;
  const after = await classAccuracy(trained, classifier, { perClass: 50 });
  expect(after.byClass).toHaveLength(10);
  expect(after.accuracy).toBeGreaterThan(0.8);
  expect(after.accuracy).toBeCloseTo(after.byClass.reduce((a, b) => a + b) / 10, 12);
  await step.release();
});
