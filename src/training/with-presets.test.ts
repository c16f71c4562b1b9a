import { describe, expect, test } from "vitest";
import { dataSpec } from "../data/spec.ts";
import { findModel, registry } from "../models/registry.ts";
import { trainingSettings } from "./settings.ts";
import { withPresets } from "./with-presets.ts";

describe.each(registry)("presets of $name", ({ config, presets = [] }) => {
  test("are settings that it and training have", () => {
    for (const { config: values = {}, training = {} } of presets) {
      expect(config.parse(values)).toMatchObject(values);
      expect(trainingSettings.parse(training)).toMatchObject(training);
    }
  });
});

test("a given setting wins over a preset, a preset over a default", () => {
  const definition = findModel("vae");
  const presets = [
    { suits: "all", fits: () => true, config: { latentDim: 7, beta: 3 }, training: { batchSize: 5, epochs: 3 } },
    { suits: "some", fits: () => true, config: { latentDim: 8 } },
    { suits: "none", fits: () => false, config: { latentDim: 9 } },
  ];
  const given = { config: { beta: 2 }, settings: { steps: 10 } };
  const chosen = withPresets({ ...definition, presets }, given, dataSpec([4]), 10_000);
  expect(chosen.config).toMatchObject({ latentDim: 8, beta: 2, samples: 1 });
  expect(chosen.settings).toMatchObject({ batchSize: 5, steps: 10, learningRate: 1e-3 });
  expect(chosen.settings.epochs).toBeUndefined();
  expect(chosen.presets).toEqual([
    { suits: "all", config: { latentDim: 7 }, training: { batchSize: 5 } },
    { suits: "some", config: { latentDim: 8 }, training: {} },
  ]);
});

test.each([
  ["gray digits", dataSpec([1, 28, 28]), { network: "mlp", likelihood: "bernoulli" }],
  ["color images", dataSpec([3, 32, 32]), { network: "conv", likelihood: "gaussian-learned" }],
  ["drawings", dataSpec([1, 28, 28], { binary: true }), { latentDim: 20, likelihood: "bernoulli" }],
  [
    "gray photographs",
    dataSpec([1, 64, 64], { binary: false }),
    { network: "conv", latentDim: 64, likelihood: "gaussian-learned", std: 0.25 },
  ],
  ["garments of 28x28", dataSpec([1, 28, 28], { binary: false }), { network: "mlp", likelihood: "gaussian-learned" }],
  ["vectors of intensities", dataSpec([9], { binary: false }), { latentDim: 20, likelihood: "gaussian-learned" }],
  ["images that cannot be halved so often", dataSpec([3, 36, 36]), { network: "mlp", likelihood: "gaussian-learned" }],
  ["points in the plane", dataSpec([2], { range: null }), { latentDim: 2, likelihood: "gaussian-learned" }],
  ["a table's rows", dataSpec([14], { range: null }), { network: "mlp", likelihood: "gaussian-learned" }],
] as const)("%s get networks and a likelihood that fit them", (_, data, expected) => {
  const { config } = withPresets(findModel("vae"), { config: {}, settings: {} }, data, 10_000);
  expect(config).toMatchObject(expected);
});

test("a table is trained until a bound no longer improves, in columns, unless its length is given", () => {
  const columns = [{ name: "x", kind: "number" }] as const;
  const data = dataSpec([1], { kind: "table", range: null, columns });
  const chosen = (settings: object, examples: number) =>
    withPresets(findModel("vae"), { config: {}, settings }, { ...data, examples }, examples);
  expect(chosen({}, 20_000).config).toMatchObject({ likelihood: "columns", network: "mlp" });
  expect(chosen({}, 20_000).settings).toMatchObject({ steps: 16_000, schedule: "cosine", learningRate: 2e-3 });
  // Training that is told to be shorter than four warm-ups has none.
  const warmup = (settings: object, of = 30_000): object => chosen(settings, of).config;
  expect(warmup({})).toMatchObject({ warmup: 2000 });
  expect(warmup({}, 20_000)).toMatchObject({ warmup: 0 });
  expect(warmup({ steps: 8000 })).toMatchObject({ warmup: 2000 });
  expect(warmup({ steps: 300 })).toMatchObject({ warmup: 0 });
  expect(warmup({ epochs: 2 })).toMatchObject({ warmup: 0 });
  expect(warmup({ epochs: 60 })).toMatchObject({ warmup: 2000 });
  // A small one has smaller batches, not more epochs.
  expect(chosen({}, 100).settings).toMatchObject({ steps: 16_000, batchSize: 25 });
  expect(chosen({}, 100).settings.epochs).toBeUndefined();
  expect(chosen({ epochs: 3, learningRate: 1e-4 }, 20_000).settings).toMatchObject({ epochs: 3, learningRate: 1e-4 });
  expect(chosen({ epochs: 3 }, 20_000).settings.steps).toBeUndefined();
});

test("PCA keeps a quarter to a half of few values", () => {
  const kept = [1, 2, 3, 4, 5, 8, 9, 14, 16, 17, 32, 33].map(
    (size) => withPresets(findModel("pca"), { config: {}, settings: {} }, dataSpec([size]), 1000).config,
  );
  expect(kept).toEqual([1, 1, 1, 1, 2, 2, 4, 4, 4, 8, 8, 32].map((latentDim) => ({ latentDim })));
});

test.each([
  // Several batches an epoch, and 2000 steps.
  [40, {}, { batchSize: 10, epochs: 500 }],
  [300, {}, { batchSize: 75, epochs: 500 }],
  [1200, {}, { epochs: 223 }],
  [3, {}, { batchSize: 2, epochs: 2000 }],
  // 156 batches of 128, 20 times.
  [20_000, {}, {}],
  [40, { batchSize: 20 }, { epochs: 1000 }],
  [40, { epochs: 2 }, { batchSize: 10 }],
  [40, { steps: 2, batchSize: 5 }, {}],
  [40, { accumulate: 2 }, { batchSize: 5, epochs: 500 }],
])("%i training examples are enough of a run, given %j", (examples, settings, expected) => {
  const definition = { ...findModel("vae"), presets: [] };
  const chosen = withPresets(definition, { config: {}, settings }, dataSpec([4]), examples);
  expect(Object.assign({}, ...chosen.presets.map(({ training }) => training))).toEqual(expected);
  expect(chosen.settings).toMatchObject({ ...expected, ...settings });
});

describe("settings that do nothing with the others", () => {
  const on = (model: string, config: object, data = dataSpec([1, 28, 28])) =>
    withPresets(findModel(model), { config, settings: {} }, data, 10_000);

  test.each([
    [
      "gan",
      { network: "mlp", channels: [8] },
      "channels: it does nothing with network=mlp, got 8, expected network to be dcgan or residual",
    ],
    [
      "gan",
      { hiddenDims: [64, 32] },
      "hiddenDims: it does nothing with network=dcgan, got 64,32, expected network to be mlp",
    ],
    ["aae", { channels: [8, 16] }, "channels: it does nothing with network=mlp, got 8,16, expected network to be conv"],
    [
      "vae",
      { network: "linear", hiddenDims: [64] },
      "hiddenDims: it does nothing with network=linear, got 64, expected network to be mlp",
    ],
  ] as const)("%s %j is refused", (model, config, message) => {
    expect(() => on(model, config)).toThrow(message);
  });

  test("are refused only where someone chose them: not defaults that are given, not those of presets, which are left out", () => {
    const all = findModel("gan").config.parse({ network: "dcgan" });
    expect(on("gan", all).config).toMatchObject({ network: "dcgan", hiddenDims: [256, 256] });
    const { config, presets } = on("gan", { network: "mlp" }, dataSpec([3, 64, 64]));
    expect(config).toMatchObject({ network: "mlp", channels: [32, 64] });
    expect(presets.filter(({ config: taken }) => "channels" in taken)).toEqual([]);
    expect(on("two-layer", { network: "conv", topHiddenDims: [50] }).config).toMatchObject({ topHiddenDims: [50] });
  });
});
