import { beforeAll, describe, expect, test } from "vitest";
import { follow } from "../../test/follow-training.ts";
import { CheckpointError, ConfigError } from "../errors.ts";
import { extractorOpener } from "../evaluation/extractors/extractor-opener.ts";
import { findModel } from "../models/registry.ts";
import { nodePlatform } from "../node/platform.ts";
import { cpuDevice } from "../runtime/node.ts";
import { evaluateRun } from "./evaluate-run.ts";
import { type LoadedRun, loadRun } from "./load-run.ts";
import { memoryStores } from "./storage/memory-store.ts";
import type { Platform } from "./platform.ts";
import { writeReport } from "./reports/run-report.ts";
import { scoreRun } from "./score-run.ts";
import { resumeRun } from "./resume-run.ts";
import { type RunRequest, startRun } from "./start-run.ts";
import { readText } from "./storage/store.ts";
import { noTrackers } from "./tracking/tracking.ts";

const platform: Platform = {
  ...nodePlatform,
  openStore: memoryStores(),
  openExtractor: extractorOpener({ device: () => cpuDevice(1) }),
  trackers: noTrackers,
};

const definition = findModel("vae");
const request: RunRequest = {
  definition,
  config: { hiddenDims: [32], latentDim: 2 },
  settings: { batchSize: 50, epochs: 4, device: "cpu", threads: 1, picturesEvery: 2 },
  data: "digits:500",
  binarize: "auto",
  seed: 3,
};

async function returned<T>(work: AsyncGenerator<unknown, T>): Promise<T> {
  let next = await work.next();
  while (!next.done) next = await work.next();
  return next.value;
}

describe("a run in memory", () => {
  let loaded: LoadedRun;
  beforeAll(async () => {
    const events = await follow(await startRun(request, {}, platform));
    expect(events.at(-1)).toMatchObject({ kind: "done", step: 40 });
    loaded = await loadRun("runs/vae-digits-1", await cpuDevice(1), platform);
  });

  test("that is interrupted after a checkpoint is resumed bit for bit", async () => {
    const cut = await follow(await startRun(request, { out: "cut" }, platform), ({ step }) => step === 13);
    expect(cut.at(-1)!.kind).toBe("interrupted");
    const rest = await follow(await resumeRun("cut", {}, platform));
    expect(rest.at(-1)).toMatchObject({ kind: "done", step: 40 });
    const again = await loadRun("cut", await cpuDevice(1), platform);
    expect(await again.run.weightsDigest(40)).toBe(await loaded.run.weightsDigest(40));
  });

  test("keeps pictures, metrics and a report", async () => {
    const { store } = loaded.run;
    expect(await store.kindOf("samples/epoch-4.png")).toBe("file");
    const records = (await readText(store, "metrics.jsonl", 100_000)).trimEnd().split("\n");
    expect(JSON.parse(records.at(-1)!)).toMatchObject({ step: 40, split: "test" });
    expect(await writeReport(loaded)).toBe("runs/vae-digits-1/report.html");
    expect(await readText(store, "report.html", 10_000_000)).toContain("vae on digits");
  });

  test("is evaluated", async () => {
    const { metrics } = await returned(
      evaluateRun(loaded, { split: "test", seed: 0, metrics: ["kid", "likelihood"], generated: 50 }),
    );
    const { results, conditions } = metrics["kid"]!;
    expect(results[0]!.value).toBeGreaterThan(0);
    expect(conditions["features"]).toMatch(/^small-28 v1 \(digits /);
    expect(await loaded.run.store.kindOf("samples/nll-by-samples.svg")).toBe("file");
  });

  test("scores examples, by a density that is kept", async () => {
    const { test: split } = await loaded.openData();
    const asked = { split, samples: 5, density: "gmm:2", seed: 0 };
    const scores = await returned(scoreRun(loaded, asked));
    expect([...scores.keys()]).toEqual(["negElbo", "nll", "typicality", "reconstruction", "latent"]);
    expect(await loaded.run.store.folders("densities")).toEqual(["step-40-gmm-2"]);
    expect(await returned(scoreRun(loaded, asked))).toEqual(scores);
  });

  test("is found by its path alone", async () => {
    await expect(loadRun("none", await cpuDevice(1), platform)).rejects.toThrow(CheckpointError);
    await expect(startRun(request, { out: "cut" }, platform)).rejects.toThrow(ConfigError);
  });

  test("refuses a tracker that the platform does not have, before there is a run", async () => {
    const settings = { ...request.settings, tensorboard: true };
    await expect(startRun({ ...request, settings }, { out: "tracked" }, platform)).rejects.toThrow(
      "tensorboard: not available on this platform, got true, expected none",
    );
    expect(await platform.openStore("tracked").kindOf("")).toBe("nothing");
  });
});
