import { beforeAll, describe, expect, test } from "vitest";
import { follow } from "../../../test/follow-training.ts";
import { proofPlatform } from "../../../test/proof/proof-run.ts";
import { wganGP } from "../../../test/proof/wgan-gp.ts";
import { Delta } from "../../distributions/delta.ts";
import { independent } from "../../distributions/independent.ts";
import { firstExamples } from "../../data/first-examples.ts";
import { openExtractor } from "../../node/extractors/open-extractor.ts";
import { maximumMeanDiscrepancy } from "../../metrics/samples/maximum-mean-discrepancy.ts";
import { featureMoments, frechetDistance } from "../../metrics/samples/frechet-distance.ts";
import { vae } from "../../models/index.ts";
import { defineModel, type ModelDefinition } from "../../models/definition.ts";
import type { Model } from "../../models/model.ts";
import { ancestral } from "../../models/sampler.ts";
import { cpuDevice } from "../../runtime/node.ts";
import type { TrainingSettings } from "../../training/settings.ts";
import { loadRun } from "../load-run.ts";
import { resumeRun } from "../resume-run.ts";
import { startRun } from "../start-run.ts";
import type { TrainingEvent } from "../training-event.ts";
import type { TrainingRun } from "../training-run.ts";

const start = (
  out: string,
  data: string,
  settings: Partial<TrainingSettings>,
  {
    definition = wganGP,
    config = { hiddenDim: 32 },
  }: { readonly definition?: ModelDefinition; readonly config?: object } = {},
): Promise<TrainingRun> =>
  startRun(
    {
      definition,
      config,
      settings: { device: "cpu", threads: 1, batchSize: 100, picturesEvery: 0, ...settings },
      data,
      binarize: "none",
      seed: 0,
    },
    { out },
    proofPlatform,
  );
const only = <K extends TrainingEvent["kind"]>(events: readonly TrainingEvent[], kind: K) =>
  events.filter((event): event is Extract<TrainingEvent, { kind: K }> => event.kind === kind);
const load = async (out: string, checkpoint: "best" | "last" = "best") =>
  loadRun(out, await cpuDevice(1), proofPlatform, { checkpoint });

describe("a model without validation metrics that samples", () => {
  const data = "toy:8gaussians:1000";
  const settings = { epochs: 90, learningRate: 5e-3 };
  let events: readonly TrainingEvent[];
  beforeAll(async () => {
    events = await follow(await start("whole", data, settings));
  });

  test("is validated every few epochs by the distance of its samples, and the lowest selects the weights", async () => {
    const validations = only(events, "validation");
    // Ten batches an epoch and five a step: 2 steps, so that 25 epochs are the 50 steps between validations of short epochs.
    expect(validations.map(({ step }) => step)).toEqual([50, 100, 150, 180]);
    const lowest = validations.reduce((a, b) => (b.metrics["mmd2"]! < a.metrics["mmd2"]! ? b : a));
    const [done] = only(events, "done");
    expect(done!.best).toEqual({ step: lowest.step, metric: "mmd2", value: lowest.metrics["mmd2"] });
    expect(done!.weights).toBe(lowest.step);
    expect(done!.metrics.validation).toEqual(lowest.metrics);
    expect(Object.keys(done!.metrics.test)).toEqual(["mmd2"]);
    const { run, step } = await load("whole");
    expect(step).toBe(lowest.step);
    const recorded = [];
    for await (const record of run.metrics())
      if (record.split !== "train") recorded.push([record.split, record.step, record.metrics]);
    expect(recorded).toEqual([
      ...validations.map(({ step, metrics }) => ["validation", step, metrics]),
      ["test", 180, done!.metrics.test],
    ]);
    expect(run.info.training).toMatchObject({ selectBy: "mmd", validateEvery: 25 });
    expect(run.info.selection).toEqual({ distance: "mmd", features: "raw", samples: 100, examples: 100 });
  });

  test("the value is that of samples of the weights kept, by the run's seed", async () => {
    const { trained, openData } = await load("whole");
    const { validation, test: held } = await openData();
    const to = async (examples: Float32Array, first: number) => {
      // A quarter of the root mean squared distance of two examples.
      const { covariance } = featureMoments(examples, 2);
      const bandwidth = Math.sqrt(2 * (covariance[0]! + covariance[3]!)) / 4;
      const samples = await trained.sample(100, { seed: 0, first });
      return maximumMeanDiscrepancy(samples, examples, 2, { kernel: "imq", bandwidth, permutations: 0 }).squaredMmd;
    };
    const [done] = only(events, "done");
    expect(await to(firstExamples(validation, 100), 0)).toBeCloseTo(done!.best!.value, 5);
    expect(await to(firstExamples(held, 100), 128)).toBeCloseTo(done!.metrics.test["mmd2"]!, 5);
  });

  test("leaves training as it is: the last weights are those of a run without validation", async () => {
    const blind = await follow(await start("blind", data, { ...settings, selectBy: "none" }));
    expect(only(blind, "validation")).toEqual([]);
    const [done] = only(blind, "done");
    expect([done!.best, done!.metrics.test, done!.weights]).toEqual([null, {}, 180]);
    const weights = async (out: string) => await (await load(out, "last")).run.weightsDigest(180);
    expect(await weights("blind")).toBe(await weights("whole"));
  });

  test.each([73, 100, 101])("stopped after step %i and resumed it ends as if it had not stopped", async (stop) => {
    const out = `cut-${stop}`;
    const cut = await follow(await start(out, data, settings), ({ step }) => step === stop);
    expect(cut.at(-1)).toEqual({ kind: "interrupted", step: stop });
    // What was given again may say so.
    const given = { settings: { selectBy: "auto" as const } };
    const resumed = await follow(await resumeRun(out, { given }, proofPlatform));
    expect(resumed.at(-1)).toEqual(events.at(-1));
    expect(only([...cut, ...resumed], "validation")).toEqual(only(events, "validation"));
    const { run, step } = await load(out);
    expect(await run.weightsDigest(step)).toBe(await (await load("whole")).run.weightsDigest(step));
    expect(await run.weightsDigest(180)).toBe(await (await load("whole")).run.weightsDigest(180));
  });

  test("patience counts epochs up to the last validation, and resumed it stops where the whole run does", async () => {
    // At this rate it is soon worse than it was.
    const hasty = { epochs: 300, learningRate: 0.05, validateEvery: 7, patience: 10 };
    const whole = await follow(await start("hasty", data, hasty));
    const [stopped, done] = [only(whole, "stopped")[0]!, only(whole, "done")[0]!];
    // Not after 10 epochs but after the second validation, 14 later.
    expect(stopped.step - stopped.best.step).toBe(28);
    expect(done.weights).toBe(stopped.best.step);
    const between = stopped.step - 3;
    await follow(await start("hasty-cut", data, hasty), ({ step }) => step === between);
    const resumed = await follow(await resumeRun("hasty-cut", {}, proofPlatform));
    expect(resumed.at(-1)).toEqual(whole.at(-1));
  });

  test("another distance, or another number of epochs between, is refused when it is resumed", async () => {
    const again = (settings: Partial<TrainingSettings>) => resumeRun("whole", { given: { settings } }, proofPlatform);
    await expect(again({ selectBy: "kid" })).rejects.toThrow(
      /^--resume: selectBy differs from the run's, got "kid", expected "mmd"; leave it out, or start a new run$/,
    );
    await expect(again({ validateEvery: 5 })).rejects.toThrow(
      /^--resume: validateEvery differs from the run's, got 5, expected 25/,
    );
  });
});

test("images are compared in features of small-28", async () => {
  const settings = { steps: 200, batchSize: 50, selectBy: "frechet", validateEvery: 10, ema: 0.9 } as const;
  const events = await follow(await start("digits", "digits:1500", settings));
  const values = only(events, "validation").map(({ metrics }) => metrics["frechet"]!);
  // Thirty batches an epoch and five a step: six steps.
  expect(only(events, "validation").map(({ step }) => step)).toEqual([60, 120, 180, 200]);
  expect(values.at(-1)!).toBeLessThan(values[0]!);
  const { trained, openData, run } = await load("digits");
  const source = await openData();
  const extractor = await openExtractor(source);
  expect(run.info.selection?.features).toBe(extractor.name);
  const moments = async (x: Float32Array) => featureMoments(await extractor.features(x), 128);
  // Of the EMA weights, which the run loads.
  const value = frechetDistance(
    await moments(await trained.sample(150, { seed: 0 })),
    await moments(firstExamples(source.validation, 150)),
  );
  expect(value / only(events, "done")[0]!.best!.value).toBeCloseTo(1, 4);
  await extractor.release();
});

test("a model with metrics of its own is selected by its samples where that is asked for", async () => {
  const definition = vae as ModelDefinition;
  const config = { hiddenDims: [32] };
  const training = await start(
    "vae",
    "toy:moons:1000",
    { epochs: 2, selectBy: "kid", picturesEvery: undefined },
    { definition, config },
  );
  const done = only(await follow(training), "done")[0]!;
  expect(Object.keys(done.metrics.validation)).toEqual(["kid", "negElbo", "rate", "distortion"]);
  expect(done.best!.metric).toBe("kid");
  expect(training.run.info.training).not.toHaveProperty("picturesEvery");
});

describe("what cannot be", () => {
  test.each([
    [
      "digits:1000",
      { selectBy: "frechet" },
      "--select-by: no frechet of samples and validation examples, got 100 validation examples, expected at least 129 for frechet of 128 features, or kid",
    ],
    [
      "toy:moons:100",
      { patience: 2 },
      "--patience: nothing to validate by, got 10 validation examples, expected at least 40 for mmd of 2 features; leave it out",
    ],
    [
      "toy:moons:1000",
      { patience: 2, selectBy: "none" },
      "--patience: nothing to validate by, got a model that reports none, expected one that does, or --select-by; leave it out",
    ],
  ] as const)("%s with %j is one line, before there is a run", async (data, settings, message) => {
    await expect(start("refused", data, settings)).rejects.toThrow(message);
    expect(await proofPlatform.openStore("refused").kindOf("")).toBe("nothing");
  });

  test("too few examples to compare leave the last weights", async () => {
    const events = await follow(await start("few", "toy:moons:100", { steps: 3, batchSize: 10 }));
    expect(only(events, "warning").map(({ message }) => message)).toEqual([
      "nothing selects the best weights: got 10 validation examples, expected at least 40 for mmd of 2 features",
    ]);
    const done = only(events, "done")[0]!;
    expect([done.best, done.weights, done.metrics.test]).toEqual([null, 3, {}]);
    expect((await load("few", "last")).run.info.training).toMatchObject({ selectBy: "none" });
  });

  test("samples that are not finite rewind training once, and end it the second time", async () => {
    const definition = defineModel<Parameters<typeof wganGP.build>[0]>({
      ...wganGP,
      build(config, data) {
        const model = wganGP.build(config, data);
        const decode: Model["decode"] = (codes, context) =>
          independent(new Delta(model.decode!(codes, context).mean.mul(Infinity)), 1);
        return Object.assign(model, { sampler: ancestral(model.latents!, decode) });
      },
    });
    const seen: TrainingEvent[] = [];
    const training = await start("wild", "toy:moons:1000", { steps: 60, validateEvery: 1 }, { definition });
    const ended = follow(training, (event) => seen.push(event) < 0);
    await expect(ended).rejects.toThrow(
      /^train: mmd2 is not finite after step 2, got NaN, expected numbers; .*; as before the rewind, at twice the learning rate; /,
    );
    expect(only(seen, "rewind").map(({ metric, to }) => [metric, to])).toEqual([["mmd2", 0]]);
  });
});
