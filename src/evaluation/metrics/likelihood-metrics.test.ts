import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { temporaryRun } from "../../../test/temporary-run.ts";
import { findModel } from "../../models/registry.ts";
import { stream } from "../../random/index.ts";
import { cpuDevice } from "../../runtime/node.ts";
import { type Evaluation, evaluateRun, resultOf } from "../../runs/evaluate-run.ts";
import { loadRun, startRun } from "../../node/runs.ts";
import type { LoadedRun } from "../../runs/load-run.ts";

// Four independent normal values of standard deviation 20, rounded to bytes: every likelihood of theirs is known.
const [rows, values, std] = [4000, 4, 20];
const nats = 0.5 * Math.log(2 * Math.PI * Math.E) + Math.log(std);
const folder = mkdtempSync(join(tmpdir(), "latentkit-likelihoods-"));
let run: LoadedRun;

beforeAll(async () => {
  const random = stream(0, "rows");
  const bytes = Uint8Array.from({ length: rows * values }, () => Math.round(128 + std * random.normal()));
  const head = `{'descr': '|u1', 'fortran_order': False, 'shape': (${rows}, ${values}), }`.padEnd(117);
  const magic = Uint8Array.of(0x93, ...Buffer.from("NUMPY"), 1, 0, 118, 0);
  writeFileSync(join(folder, "x.npy"), Buffer.concat([magic, Buffer.from(`${head}\n`), bytes]));
  const request = { definition: findModel("pca"), config: { latentDim: 2 }, data: join(folder, "x.npy"), seed: 0 };
  const settings = { device: "cpu", threads: 1 } as const;
  const training = await startRun({ ...request, settings, binarize: "none" }, { out: join(folder, "run") });
  for await (const _ of training.train()) continue;
  await training.close();
  run = await loadRun(join(folder, "run"), await cpuDevice(1));
});
afterAll(async () => {
  await run.trained.store.release();
  await run.run.close();
  rmSync(folder, { recursive: true, force: true });
});

async function measured(metrics: readonly string[], options: object = {}): Promise<Evaluation> {
  const progress = evaluateRun(run, { split: "test", seed: 0, samples: 100, metrics, ...options });
  let next = await progress.next();
  while (!next.done) next = await progress.next();
  return next.value;
}
const valueOf = (evaluation: Evaluation, metric: string, name: string): number =>
  resultOf(evaluation, metric, name)!.value;

describe("of normal values in bytes", () => {
  test("bits per dimension are their entropy, 6.37, by uniform dequantization", async () => {
    const found = await measured(["bits-per-dimension"], { samples: 2 });
    const { value, standardError, note } = resultOf(found, "bits-per-dimension", "bits per dimension")!;
    expect(Math.abs(value - nats / Math.LN2)).toBeLessThan(4 * standardError!);
    expect(standardError).toBeLessThan(0.03);
    expect(note).toBe("256 levels, uniform dequantization, exact");
  });

  test("annealing gives the exact nll of the same examples", async () => {
    const found = await measured(["scores", "annealing"], { count: 50 });
    const exact = valueOf(found, "scores", "nll");
    expect(Math.abs(valueOf(found, "annealing", "nll by annealing") - exact)).toBeLessThan(0.02);
    expect(valueOf(found, "annealing", "nll by importance sampling")).toBeCloseTo(exact, 4);
    expect(Math.abs(valueOf(found, "annealing", "gap of annealing"))).toBeLessThan(0.05);
    expect(found.metrics["annealing"]!.checks).toMatchObject([
      { name: "importance sampling and annealing agree", holds: true },
    ]);
  });

  test("a Parzen window around means of p(x|z), as wide as its noise, is the model itself", async () => {
    const found = await measured(["scores", "parzen"], { generated: 2000, show: "means" });
    const { value, note } = resultOf(found, "parzen", "log-likelihood by Parzen window")!;
    expect(Math.abs(value + valueOf(found, "scores", "nll"))).toBeLessThan(0.05);
    // 20 / 255 is 0.078.
    expect(note).toMatch(/^2000 samples, bandwidth 0\.0[5-9]/);
  });

  test("the likelihood is exact where log p(x) is known", async () => {
    const found = await measured(["scores", "likelihood"]);
    const { value, note } = resultOf(found, "likelihood", "nll")!;
    expect(value).toBeCloseTo(valueOf(found, "scores", "nll"), 5);
    expect(note).toBe("exact");
    expect(found.metrics["likelihood"]!.checks).toMatchObject([
      { name: "log p(x) is that of float64 arithmetic", holds: true },
    ]);
  });
});

test("a bound is plotted against the number of samples", async () => {
  const vae = await temporaryRun("vae", "digits:100", {
    config: { latentDim: 2, hiddenDims: [8] },
    settings: { steps: 2 },
  });
  const { metrics } = await vae.evaluate({ metrics: ["likelihood"], samples: 20, count: 20 });
  const { picture } = metrics["likelihood"]!.details as { picture: string };
  expect(readFileSync(picture, "utf8")).toMatch(/^<svg/);
  await vae.remove();
});
