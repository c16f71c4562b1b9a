import { beforeAll, describe, expect, test } from "vitest";
import { digitsSource } from "../data/generators/digits.ts";
import { createDataset, type Dataset } from "../data/dataset.ts";
import { firstExamples } from "../data/first-examples.ts";
import { type DataSource, whole } from "../data/split.ts";
import { ConfigError } from "../errors.ts";
import type { ModelChoice } from "../models/definition.ts";
import { vae } from "../models/vaes/vae.ts";
import { nodePlatform } from "../node/platform.ts";
import { infiniteScores } from "./score-run.ts";
import { train } from "./train.ts";
import type { TrainedRun } from "./trained-run.ts";

const choice = vae({ latentDim: 3, hiddenDims: [8] });
const options = { steps: 2, batchSize: 10, device: "cpu", threads: 1 } as const;
let source: DataSource;
let run: TrainedRun;
beforeAll(async () => {
  source = await digitsSource({ size: 60 });
  run = await train(choice, source, options, nodePlatform);
});

/** What plain JavaScript can pass, and the compiler refuses. */
const untyped = (model: unknown, data: unknown, given: object = {}): Promise<TrainedRun> =>
  train(model as ModelChoice, data as DataSource, { ...options, ...given }, nodePlatform);

describe("what is not meant is refused in one line", () => {
  test.each<readonly [what: string, call: () => Promise<unknown>, message: RegExp]>([
    [
      "a split that is none",
      () => run.evaluate(JSON.parse('{"split":"tset"}') as object),
      /^evaluate: unknown split, got "tset", expected one of train, validation, test; did you mean test\?$/,
    ],
    [
      "an option of evaluate that is none",
      () => run.evaluate(JSON.parse('{"metric":["reconstruction"]}') as object),
      /^evaluate: unknown option, got "metric", expected one of split, .*; did you mean metrics\?$/,
    ],
    [
      "a split of codes that is none",
      () => run.codes(JSON.parse('"tset"') as "test"),
      /^run: unknown split, got "tset", .*; did you mean test\?$/,
    ],
    [
      "an option of train that is none",
      () => untyped(choice, source, { sede: 1 }),
      /^train: unknown option, got "sede", expected one of epochs, .*, signal; did you mean seed\?$/,
    ],
    [
      "a definition that was not called",
      () => untyped(vae, source),
      /^train: not a model with its settings, got the definition vae, expected a call of it, such as vae\(\)$/,
    ],
    [
      "the name of a model",
      () => untyped("vae", source),
      /^train: not a model with its settings, got vae, expected one, such as vae\(\{ latentDim: 10 \}\)$/,
    ],
    ["no data", () => untyped(choice, undefined), /^train: no data, got undefined, expected a source, a dataset, or /],
    ["another object for data", () => untyped(choice, {}), /^train: no data, got an object, expected a source, /],
  ])("%s", async (_, call, message) => {
    const error: unknown = await call().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as Error).message).toMatch(message);
  });
});

test("a run that is released keeps its metrics, and says that it is when its weights are used", async () => {
  const released = await train(choice, source, options, nodePlatform);
  await released.release();
  await released.release();
  const x = new Float32Array(784);
  for (const call of [
    () => released.sample(1),
    () => released.encode(x),
    () => released.decode(new Float32Array(3)),
    () => released.reconstruct(x),
    () => released.codes(),
    () => released.evaluate(),
    () => released.score(),
  ])
    await expect(call()).rejects.toThrow(/^run: used after release\(\), got /);
  expect(() => released.trained).toThrow(ConfigError);
  expect(Object.keys((await released.metrics()).test)).toContain("negElbo");
  expect(released.info.model).toBe("vae");
});

describe("examples of other data", () => {
  test("are all there in the order of their file, or the split asked for", async () => {
    const all = await run.open("digits:40");
    expect(all.indices).toHaveLength(48);
    expect((await run.codes(all)).means).toHaveLength(48 * 3);
    expect((await run.score({ split: all, samples: 2 })).get("nll")).toHaveLength(48);
    expect((await run.open("digits:40", "test")).indices).toHaveLength(4);
    await expect(run.open("toy:moons:100")).rejects.toThrow(
      "moons: examples do not fit the model, got [2], expected [1, 28, 28]",
    );
  });

  test("that are equal have equal codes, those that encode gives", async () => {
    const { dataset } = source.test;
    const copies = { dataset: await fiveCopies(dataset), indices: Uint32Array.of(0, 1, 2, 3, 4) };
    const { means } = await run.codes(copies);
    for (let i = 1; i < 5; i++) expect(means.subarray(3 * i, 3 * i + 3)).toEqual(means.subarray(0, 3));
    const intensities = firstExamples(copies, 1);
    expect(await run.encode(intensities)).toEqual(means.subarray(0, 3));
    const scores = await run.score({ split: copies, scores: ["reconstruction", "latent"], density: "gaussian" });
    for (const values of scores.values()) expect(new Set(values).size).toBe(1);
  });

  test("beyond all numbers have an infinite score, and the others theirs", async () => {
    const values = new Float32Array(3 * 784).fill(0.5);
    values[784] = Number.MAX_VALUE;
    const dataset = await createDataset({
      name: "far",
      description: "",
      shape: [1, 28, 28],
      size: 3,
      values: {
        content: "far",
        readFloats: (example, into) => into.set(values.subarray(784 * example, 784 * (example + 1))),
      },
      range: [0, 1],
    });
    const scores = await run.score({
      split: whole(dataset),
      scores: ["reconstruction", "latent"],
      density: "gaussian",
    });
    for (const found of scores.values()) expect(Array.from(found, Number.isFinite)).toEqual([true, false, true]);
    for (const found of scores.values()) expect(found[1]).toBe(Infinity);
    expect(infiniteScores(scores).find(({ names }) => names.includes("latent"))?.places).toEqual([1]);
  });
});

/** Five times the first example. */
function fiveCopies(dataset: Dataset): Promise<Dataset> {
  const first = firstExamples({ dataset, indices: Uint32Array.of(0) }, 1);
  const values = Float32Array.from({ length: 5 * first.length }, (_, i) => first[i % first.length]!);
  return createDataset({ name: "copies", description: "", shape: dataset.shape, size: 5, values, range: [0, 1] });
}

test("a list of metrics is no text", async () => {
  for (const option of ["metrics", "priors"])
    await expect(run.evaluate(JSON.parse(`{"${option}":"kid"}`) as object)).rejects.toThrow(
      `evaluate: ${option} is not a list, got "kid", expected an array, such as ["kid"]`,
    );
});

test("a metric that fails ends no other one; where all fail, the first says why", async () => {
  const { metrics } = await run.evaluate({ metrics: ["mig", "reconstruction"] });
  expect(metrics["reconstruction"]!.results.length).toBeGreaterThan(0);
  expect(metrics["mig"]).toMatchObject({
    results: [],
    failed: expect.stringMatching(/^no generative factors of the data are known/),
  });
  await expect(run.evaluate({ metrics: ["mig"] })).rejects.toThrow(/this run has no mig/);
});

test("a Frechet distance of too few examples leaves a kernel distance its value", async () => {
  const { metrics } = await run.evaluate({
    split: "train",
    metrics: ["frechet", "kid"],
    extractor: "raw",
    generated: 60,
  });
  expect(metrics["frechet"]!.failed).toMatch(/^frechet: too few examples for a covariance/);
  expect(metrics["kid"]!.results.length).toBeGreaterThan(0);
});

test("metrics may be called as they are elsewhere", async () => {
  const { metrics } = await run.evaluate({ split: "train", metrics: ["fid", "kid"], extractor: "raw", generated: 60 });
  expect(Object.keys(metrics)).toEqual(["frechet", "kid"]);
});

test("where the first loss is not finite, the message names the scale of the data", async () => {
  const data = await createDataset({
    name: "pascals",
    description: "",
    shape: [2],
    size: 100,
    values: Float32Array.from({ length: 200 }, (_, i) => 1e25 + i),
    range: null,
  });
  await expect(train(vae({ latentDim: 1 }), data, options, nodePlatform)).rejects.toThrow(
    /is not finite at step 1 .*; the data's values reach from 1\.00e\+25 to 1\.00e\+25, which is the likely cause: scale them/,
  );
});
