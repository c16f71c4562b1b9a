import { beforeAll, describe, expect, test } from "vitest";
import { digitsSource } from "../data/generators/digits.ts";
import type { DataSource } from "../data/split.ts";
import { ConfigError } from "../errors.ts";
import type { ModelChoice } from "../models/definition.ts";
import { vae } from "../models/vaes/vae.ts";
import { nodePlatform } from "../node/platform.ts";
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
