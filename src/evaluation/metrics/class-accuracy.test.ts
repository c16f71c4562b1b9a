import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { temporaryRun, type TemporaryRun } from "../../../test/temporary-run.ts";
import { type Evaluation, resultOf } from "../../runs/evaluate-run.ts";

let run: TemporaryRun;
beforeAll(async () => {
  run = await temporaryRun("cvae", "digits:1500", {
    config: { latentDim: 4, hiddenDims: [128], network: "mlp" },
    settings: { epochs: 12, batchSize: 50, learningRate: 3e-3 },
  });
  vi.stubEnv("LATENTKIT_CACHE", join(run.folder, "cache"));
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await run.remove();
});

const evaluated = (...metrics: readonly string[]): Promise<Evaluation> => run.evaluate({ generated: 300, metrics });

test("samples of a class look like one: overall as on average over classes", async () => {
  const found = await evaluated("class-accuracy");
  const { results } = found.metrics["class-accuracy"]!;
  const [overall, ...classes] = results;
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
  for (const metric of ["frechet", "kid"]) {
    const training = resultOf(found, metric, metric, "training examples")!;
    expect(resultOf(found, metric, metric, "own")!.value).toBeGreaterThan(training.value);
  }
  // Training examples are of the distribution.
  const [low, high] = resultOf(found, "kid", "kid", "training examples")!.interval!;
  expect(low < 0 && high > 0).toBe(true);
  expect(found.metrics["frechet"]!.warnings).toEqual([
    "frechet: biased upwards by few examples, got 150, expected 10000 or more; prefer --metrics kid",
  ]);
  const score = resultOf(found, "inception-score", "inception score", "own")!.value;
  expect(score > 1 && score < 10).toBe(true);
});
