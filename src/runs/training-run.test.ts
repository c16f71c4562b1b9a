import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { follow } from "../../test/follow-training.ts";
import { findModel } from "../models/registry.ts";
import type { Device } from "../runtime/device.ts";
import { cpuDevice } from "../runtime/node.ts";
import { trainingSettings } from "../training/settings.ts";
import { loadRun } from "../node/runs.ts";
import { resumeRun, startRun } from "../node/runs.ts";
import type { TrainingEvent } from "./training-event.ts";
import type { TrainingRun } from "./training-run.ts";

let folder: string;
let cpu: Device;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "latentkit-training-"));
  cpu = await cpuDevice(1);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const definition = findModel("vae");
async function start(name: string, settings: object, config: object = {}): Promise<TrainingRun> {
  return startRun(
    {
      definition,
      config: definition.config.parse({ hiddenDims: [64], latentDim: 4, ...config }),
      settings: trainingSettings.parse({ batchSize: 20, threads: 1, device: "cpu", ...settings }),
      data: "digits:100",
      binarize: "auto",
      seed: 0,
    },
    { out: join(folder, name) },
  );
}
const only = <K extends TrainingEvent["kind"]>(events: readonly TrainingEvent[], kind: K) =>
  events.filter((event): event is Extract<TrainingEvent, { kind: K }> => event.kind === kind);
const bytes = (name: string, step: number): Buffer =>
  readFileSync(join(folder, name, `checkpoints/step-${step}/weights.safetensors`));

describe("patience", () => {
  // 90 examples and a fast rate: validation turns long before 100 epochs.
  const settings = { epochs: 100, learningRate: 0.01, patience: 3 };
  let events: readonly TrainingEvent[];
  beforeAll(async () => {
    events = await follow(await start("patient", settings));
  });

  test("stops after so many validations without a better one, and the metrics are the best one's", () => {
    const validations = only(events, "validation");
    const lowest = validations.reduce((a, b) => (b.metrics["negElbo"]! < a.metrics["negElbo"]! ? b : a));
    const [done] = only(events, "done");
    expect(only(events, "stopped")).toEqual([
      { kind: "stopped", step: done!.step, epoch: validations.at(-1)!.epoch, best: done!.best },
    ]);
    expect(done!.step).toBeLessThan(500);
    expect(validations.at(-1)!.epoch - lowest.epoch).toBe(3);
    expect(done!.best).toEqual({ step: lowest.step, metric: "negElbo", value: lowest.metrics["negElbo"] });
    expect(done!.weights).toBe(lowest.step);
    expect(done!.metrics.validation).toEqual(lowest.metrics);
  });

  test("keeps both checkpoints: the best is loaded unless another is asked for", async () => {
    const [done] = only(events, "done");
    const path = join(folder, "patient");
    const steps = async (checkpoint?: "best" | "last" | number) =>
      (await loadRun(path, cpu, checkpoint === undefined ? {} : { checkpoint })).step;
    expect(await steps()).toBe(done!.weights);
    expect(await steps("best")).toBe(done!.weights);
    expect(await steps("last")).toBe(done!.step);
    expect(await steps(done!.step)).toBe(done!.step);
    await expect(steps(1)).rejects.toThrow(/checkpoint is missing, got step 1, expected one of \d+, /);
    const [best, last] = [await loadRun(path, cpu), await loadRun(path, cpu, { checkpoint: "last" })];
    expect(await best.trained.sample(1)).not.toEqual(await last.trained.sample(1));
  });

  test("a run that stopped early stays so when resumed, and resumes with more patience as if it had had it", async () => {
    const again = await follow(await resumeRun(join(folder, "patient")));
    expect(again.map(({ kind }) => kind)).toEqual(["done"]);
    expect(again[0]).toEqual(events.at(-1));

    const more = { patience: 5 };
    const whole = await follow(await start("patienter", { ...settings, ...more }));
    const resumed = await follow(await resumeRun(join(folder, "patient"), { given: { settings: more } }));
    expect(resumed.at(-1)).toEqual(whole.at(-1));
    const { step } = only(whole, "done")[0]!;
    expect(bytes("patient", step).equals(bytes("patienter", step))).toBe(true);
  });

  test("an interruption changes nothing of where it stops", async () => {
    const stopped = await follow(await start("cut", settings), ({ step }) => step === 8);
    expect(stopped.at(-1)).toEqual({ kind: "interrupted", step: 8 });
    const resumed = await follow(await resumeRun(join(folder, "cut")));
    const { step } = only(resumed, "done")[0]!;
    const whole = await follow(await start("uncut", settings));
    expect(resumed.at(-1)).toEqual(whole.at(-1));
    expect(bytes("cut", step).equals(bytes("uncut", step))).toBe(true);
  });
});

describe("without patience that is given", () => {
  const settings = { epochs: 160, learningRate: 0.01 };

  test("a small set is not memorized: training stops, and the best weights are used", async () => {
    const events = await follow(await start("small", settings));
    const [stopped, done] = [only(events, "stopped")[0]!, only(events, "done")[0]!];
    const stepsPerEpoch = stopped.step / stopped.epoch;
    // Four validations 50 steps apart.
    expect(stopped.epoch).toBe(done.best!.step / stepsPerEpoch + 4 * Math.ceil(50 / stepsPerEpoch));
    expect(stopped.epoch).toBeLessThan(settings.epochs);
    expect(done.weights).toBe(done.best!.step);
    expect((await loadRun(join(folder, "small"), cpu)).step).toBe(done.best!.step);
  });

  test("with 0 it is trained to the end, and the last weights are used, which are worse", async () => {
    const events = await follow(await start("long", { ...settings, epochs: 80, patience: 0 }));
    const [done] = only(events, "done");
    expect(only(events, "stopped")).toEqual([]);
    expect(done!.weights).toBe(done!.step);
    expect((await loadRun(join(folder, "long"), cpu)).step).toBe(done!.step);
    const { best, metrics } = done!;
    expect(metrics.validation["negElbo"]).toBeGreaterThan(best!.value);
  });
});

test("the best validation has a checkpoint however rare they are otherwise", async () => {
  const events = await follow(await start("rare", { epochs: 8, checkpointEvery: 1000 }));
  const [done] = only(events, "done");
  expect(done!.weights).toBe(40);
  expect((await loadRun(join(folder, "rare"), cpu, { checkpoint: "best" })).step).toBe(done!.best!.step);
});

test("short epochs are validated and saved every 50 steps after the hundredth, and a resumed run's are the same", async () => {
  const settings = { epochs: 123 };
  const whole = await follow(await start("short", settings));
  const epochs = (events: readonly TrainingEvent[], kind: "validation" | "checkpoint") =>
    only(events, kind).map(({ epoch }) => epoch);
  const first = Array.from({ length: 100 }, (_, i) => i + 1);
  expect(epochs(whole, "validation")).toEqual([...first, 110, 120, 123]);
  expect(epochs(whole, "checkpoint")).toEqual([...first, 110, 120, 123]);
  const cut = await follow(await start("short-cut", settings), ({ step }) => step === 533);
  expect(epochs(cut, "validation")).toEqual(first);
  const resumed = await follow(await resumeRun(join(folder, "short-cut")));
  expect(only(resumed, "validation")).toEqual(only(whole, "validation").slice(100));
  expect(resumed.at(-1)).toEqual(whole.at(-1));
  expect(bytes("short-cut", 615).equals(bytes("short", 615))).toBe(true);
});

test("batches accumulated are one batch of them all: the same examples, and as many steps an epoch", async () => {
  const at = async (name: string, settings: object): Promise<TrainingEvent[]> => follow(await start(name, settings));
  const parts = await at("parts", { epochs: 2, batchSize: 10, accumulate: 4 });
  const one = await at("one", { epochs: 2, batchSize: 40 });
  expect(only(parts, "done")[0]!.step).toBe(only(one, "done")[0]!.step);
  // The samples of z differ, and with them the losses, by little: both see the same examples.
  const loss = (events: readonly TrainingEvent[]): number => only(events, "step")[0]!.metrics!["distortion"]!;
  expect(Math.abs(loss(parts) / loss(one) - 1)).toBeLessThan(0.01);
});

test("sample grids are made every few epochs, from the same noise, and leave the weights as they are", async () => {
  const events = await follow(await start("pictured", { epochs: 4, picturesEvery: 2 }));
  expect(only(events, "pictures").map(({ epoch, step }) => [epoch, step])).toEqual([
    [2, 10],
    [4, 20],
  ]);
  expect(readdirSync(join(folder, "pictured/samples")).toSorted()).toEqual([
    "epoch-2.png",
    "epoch-4.png",
    "samples.gif",
  ]);
  await follow(await start("unpictured", { epochs: 4 }));
  expect(existsSync(join(folder, "unpictured/samples/epoch-2.png"))).toBe(false);
  expect(bytes("pictured", 20).equals(bytes("unpictured", 20))).toBe(true);
});

test("a run that is resumed on another number of threads says that the last bits may differ", async () => {
  await follow(await start("threads", { epochs: 4 }), ({ step }) => step === 5);
  const warnings = async (settings: object, stopAt: number) => {
    const resumed = await resumeRun(join(folder, "threads"), { given: { settings } });
    return only(await follow(resumed, ({ step }) => step === stopAt), "warning");
  };
  expect(await warnings({}, 10)).toEqual([]);
  const { version } = cpu;
  expect(await warnings({ threads: 2 }, 15)).toEqual([
    {
      kind: "warning",
      step: 10,
      message: `--resume: the last bits may differ from those of an uninterrupted run, got onnxruntime-node ${version} on the CPU, 2 threads, expected onnxruntime-node ${version} on the CPU, 1 threads, which it began on`,
    },
  ]);
});
