import { beforeAll, describe, expect, test } from "vitest";
import { follow } from "../../../test/follow-training.ts";
import { nodePlatform } from "../../node/platform.ts";
import { cpuDevice } from "../../runtime/node.ts";
import { evaluateRun } from "../../runs/evaluate-run.ts";
import { type LoadedRun, loadRun } from "../../runs/load-run.ts";
import type { Platform } from "../../runs/platform.ts";
import { resumeRun } from "../../runs/resume-run.ts";
import { type RunRequest, startRun } from "../../runs/start-run.ts";
import { memoryStores } from "../../runs/storage/memory-store.ts";
import { noTrackers } from "../../runs/tracking/tracking.ts";
import { forExamples } from "../../evaluation/given-examples.ts";
import { firstExamples } from "../../data/first-examples.ts";
import { findModel } from "../registry.ts";

// A flow from one data set to another, from the data to what its examples become.
const platform: Platform = { ...nodePlatform, openStore: memoryStores(), trackers: noTrackers };
const request: RunRequest = {
  definition: findModel("diffusion"),
  config: { process: "flow", source: "source", coupling: "optimal-transport", width: 64, depth: 2 },
  settings: { steps: 360, batchSize: 128, learningRate: 3e-3, device: "cpu", threads: 1, checkpointEvery: 120 },
  data: "pairs:toy:8gaussians:1500,toy:moons:1000",
  binarize: "auto",
  seed: 2,
};

describe("8gaussians to moons", () => {
  let loaded: LoadedRun;
  beforeAll(async () => {
    const events = await follow(await startRun(request, { out: "whole" }, platform));
    expect(events.at(-1)).toMatchObject({ kind: "done", step: 360 });
    loaded = await loadRun("whole", await cpuDevice(1), platform);
  });

  test("a run that is interrupted is resumed bit for bit", async () => {
    const cut = await follow(await startRun(request, { out: "cut" }, platform), ({ step }) => step === 130);
    expect(cut.at(-1)!.kind).toBe("interrupted");
    await follow(await resumeRun("cut", {}, platform));
    const again = await loadRun("cut", await cpuDevice(1), platform);
    expect(await again.run.weightsDigest(360)).toBe(await loaded.run.weightsDigest(360));
  });

  test("test examples of the one become examples of the other", async () => {
    const { test: split, train } = await loaded.openData();
    const some = { ...split, indices: split.indices.subarray(0, 100) };
    const moved = await forExamples(loaded.trained, some).sample(100, { steps: 8 });
    const moons = firstExamples(train, 1000);
    const nearest = (points: ArrayLike<number>): number[] =>
      Array.from({ length: 100 }, (_, i) => {
        let least = Infinity;
        for (let j = 0; j < 1000; j++)
          least = Math.min(least, Math.hypot(points[2 * i]! - moons[2 * j]!, points[2 * i + 1]! - moons[2 * j + 1]!));
        return least;
      });
    const near = (points: ArrayLike<number>): number => nearest(points).filter((distance) => distance < 0.3).length;
    const sources = forExamples(loaded.trained, some).condition["source"]!;
    expect(near(sources)).toBeLessThan(40);
    expect(near(moved)).toBeGreaterThan(85);
    // On both moons, as many.
    const upper = Array.from({ length: 100 }, (_, i) => moved[2 * i + 1]!).filter((y) => y > 0).length;
    expect(Math.abs(upper - 50)).toBeLessThan(20);
  });

  test("is evaluated from the examples of the one that go with those of the other", async () => {
    const work = evaluateRun(loaded, { split: "test", seed: 0, metrics: ["mmd"], generated: 100, extractor: "raw" });
    let next = await work.next();
    while (!next.done) next = await work.next();
    expect(next.value.metrics["mmd"]!.failed).toBeUndefined();
    expect(Math.abs(next.value.metrics["mmd"]!.results[0]!.value)).toBeLessThan(0.05);
  });
});
