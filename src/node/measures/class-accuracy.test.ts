import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { findModel } from "../../models/registry.ts";
import { cpuDevice } from "../../runtime/node.ts";
import { type Evaluation, evaluateRun, figureOf } from "../evaluate-run.ts";
import { type LoadedRun, loadRun } from "../load-run.ts";
import { startRun } from "../start-run.ts";

const folder = mkdtempSync(join(tmpdir(), "latentkit-class-accuracy-"));
let loaded: LoadedRun;
beforeAll(async () => {
  vi.stubEnv("LATENTKIT_CACHE", join(folder, "cache"));
  const run = join(folder, "run");
  const definition = findModel("cvae");
  const request = {
    definition,
    config: definition.config.parse({ latentDim: 4, hiddenDims: [128], network: "mlp" }),
    settings: { device: "cpu" as const, threads: 1, epochs: 12, batchSize: 50, learningRate: 3e-3 },
    data: "digits:1500",
    binarize: "none" as const,
    seed: 0,
  };
  const training = await startRun(request, { out: run });
  for await (const _ of training.train());
  await training.close();
  loaded = await loadRun(run, await cpuDevice(1));
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await loaded.trained.store.release();
  await loaded.run.close();
  rmSync(folder, { recursive: true, force: true });
});

async function evaluated(...metrics: readonly string[]): Promise<Evaluation> {
  const progress = evaluateRun(loaded, { split: "test", seed: 0, generated: 300, metrics });
  let next = await progress.next();
  while (!next.done) next = await progress.next();
  return next.value;
}

test("samples of a class look like one: overall as on average over classes", async () => {
  const found = await evaluated("class-accuracy");
  const { figures } = found.measures["class-accuracy"]!;
  const [overall, ...classes] = figures;
  expect(classes.map(({ of }) => of)).toEqual(["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]);
  expect(overall!.value).toBeGreaterThan(0.8);
  expect(overall!.value).toBeCloseTo(
    classes.reduce((sum, { value }) => sum + value / 10, 0),
    12,
  );
  expect(overall!.standardError).toBeCloseTo(Math.sqrt((overall!.value * (1 - overall!.value)) / 300), 12);
});

test("samples of the examples' own classes are further from them than training examples are", async () => {
  const found = await evaluated("frechet", "kid", "inception-score");
  for (const measure of ["frechet", "kid"]) {
    const training = figureOf(found, measure, measure, "training examples")!;
    expect(figureOf(found, measure, measure, "own")!.value).toBeGreaterThan(training.value);
  }
  // Training examples are of the distribution.
  const [low, high] = figureOf(found, "kid", "kid", "training examples")!.interval!;
  expect(low < 0 && high > 0).toBe(true);
  expect(found.measures["frechet"]!.warnings).toEqual([
    "frechet: biased upwards by few examples, got 150, expected 10000 or more; prefer --metrics kid",
  ]);
  const score = figureOf(found, "inception-score", "inception score", "own")!.value;
  expect(score > 1 && score < 10).toBe(true);
});
