import { afterAll, beforeAll, expect, test } from "vitest";
import { temporaryRun, type TemporaryRun } from "../../../test/temporary-run.ts";
import { type EvaluationRequest, resultOf } from "../../runs/evaluate-run.ts";
import { createDataset } from "../../data/dataset.ts";
import { createDataSource, whole } from "../../data/split.ts";
import { pca } from "../../models/autoencoders/pca.ts";
import { nodePlatform } from "../../node/platform.ts";
import { train } from "../../runs/train.ts";
import { realExamples, trainingExamples } from "./generated.ts";
import type { MetricContext, MetricResult } from "./metric.ts";

let run: TemporaryRun;
/** Means of p(x|z): on the line of one principal component, through points about a circle. */
const line = { show: "means" } as const;
beforeAll(async () => {
  run = await temporaryRun("pca", "toy:8gaussians:10000", { config: { latentDim: 1 } });
});
afterAll(() => run.remove());

async function evaluated(
  request: Partial<EvaluationRequest> & { readonly metrics: readonly string[] },
): Promise<(name: string, of?: string) => MetricResult> {
  const found = await run.evaluate({ generated: 1000, ...request });
  return (name, of) => resultOf(found, request.metrics[0]!, name, of)!;
}

test("training examples cover others as equal distributions do: 1 - 2^-5 of them, at a density of 1", async () => {
  const result = await evaluated({ ...line, metrics: ["precision-recall"] });
  expect(Math.abs(result("coverage", "training examples").value - (1 - 2 ** -5))).toBeLessThan(0.02);
  expect(Math.abs(result("density", "training examples").value - 1)).toBeLessThan(0.1);
  for (const name of ["precision", "recall", "density", "coverage"])
    expect(result(name, "own").value).toBeLessThan(0.5);
});

test("samples of p(x|z) have its noise: a Gaussian of the data's covariance reaches all points about a circle", async () => {
  const result = await evaluated({ metrics: ["precision-recall"], priors: ["own", "full-gaussian"] });
  for (const prior of ["own", "full-gaussian"]) expect(result("recall", prior).value).toBeGreaterThan(0.9);
});

test("samples on a line are separated from points about a circle", async () => {
  const mmd = await evaluated({ ...line, metrics: ["mmd"], count: 400, generated: 400 });
  expect(mmd("mmd2 rbf").value).toBeGreaterThan(0.01);
  expect(mmd("p-value rbf").value).toBeCloseTo(1 / 201, 12);
  const c2st = await evaluated({ ...line, metrics: ["c2st"], count: 400, generated: 400 });
  for (const kind of ["neighbors", "network"]) {
    expect(c2st(`accuracy, ${kind}`).value).toBeGreaterThan(0.8);
    expect(c2st(`p-value, ${kind}`).value).toBeLessThan(1e-9);
  }
});

test("samples that know no training example are no copies", async () => {
  const result = await evaluated({ ...line, metrics: ["memorization"] });
  expect([result("copies").value, result("duplicates").value]).toEqual([0, 0]);
  expect(result("nearer").value).toBeLessThan(0.5);
  expect(result("nearer, z").value).toBeGreaterThan(3);
});

test("what one component leaves of points of covariance 2.01 I is half of 2.01 a value", async () => {
  const result = await evaluated({ metrics: ["reconstruction"] });
  expect(Math.abs(result("mse").value - 2.01 / 2)).toBeLessThan(0.05);
  expect(result("psnr")).toBeUndefined();
});

test.each([
  [
    { metrics: ["precision-recall"], count: 5 },
    "precision and recall: real examples: too few examples, got 5, expected at least 6",
  ],
  [
    { metrics: ["precision-recall"], generated: 3 },
    "precision and recall: samples: too few examples, got 3, expected at least 4",
  ],
  [{ metrics: ["mmd"], count: 1 }, "mmd: real examples: too few examples, got 1, expected at least 2"],
  [{ metrics: ["c2st"], count: 9 }, "c2st: real examples: too few examples, got 9, expected at least 10"],
  [
    { metrics: ["memorization"], count: 1 },
    "memorization: test examples: too few examples, got 1, expected at least 2",
  ],
  [
    { metrics: ["memorization"], split: "train" as const },
    "--metrics: this run has no memorization: it compares samples with unseen examples; use --split test",
  ],
])("%o is refused in one line", async (request, message) => {
  await expect(evaluated(request)).rejects.toThrow(message);
});

test("references of a sorted file are drawn from all of it", async () => {
  // A line from -1 to 1, in order: the first fifth of it has another mean.
  const size = 2000;
  const sorted = whole(
    await createDataset({
      name: "sorted",
      description: "",
      shape: [2],
      size,
      values: Float32Array.from({ length: 2 * size }, (_, i) => (Math.floor(i / 2) / size) * 2 - 1),
      range: null,
    }),
  );
  const source = await createDataSource({
    name: "sorted",
    description: "",
    train: sorted,
    validation: sorted,
    test: sorted,
  });
  const trained = await train(pca({ latentDim: 1 }), source, { device: "cpu", threads: 1 }, nodePlatform);
  const request = { metrics: ["frechet", "mmd"], generated: 400, count: 400, extractor: "raw" } as const;
  const found = await trained.evaluate(request);
  // Twice the squared difference of the means, 0.8, alone is 1.28 between the first fifth and all.
  const training = found.metrics["frechet"]!.results.find(({ of }) => of === "training examples")!;
  expect(training.value).toBeLessThan(0.05);
  const mean = (x: Float32Array): number => x.reduce((sum, v) => sum + v, 0) / x.length;
  const context = { source, split: sorted, seed: 0, generated: 400 };
  expect(Math.abs(mean(await trainingExamples(context as MetricContext)))).toBeLessThan(0.15);
  expect(Math.abs(mean((await realExamples(context as MetricContext)).subarray(0, 400)))).toBeLessThan(0.15);
  await trained.release();
});
