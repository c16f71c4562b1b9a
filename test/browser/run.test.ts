import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type OpenPage, openPage, withoutChromium } from "./open-page.ts";
import { nodePlatform } from "../../src/node/platform.ts";
import { loadRun } from "../../src/runs/load-run.ts";
import { startRun } from "../../src/runs/start-run.ts";
import { memoryStores } from "../../src/runs/storage/memory-store.ts";
import { cpuDevice } from "../../src/runtime/node.ts";
import { follow } from "../follow-training.ts";
import { diffusionRequest, sampledBy, type SamplesInPage } from "./diffusion-request.ts";
import type { RunInPage } from "./run-page.ts";

describe.skipIf(withoutChromium !== "")(`a run in Chromium${withoutChromium}`, () => {
  let opened: OpenPage;
  let run: RunInPage;
  beforeAll(async () => {
    opened = await openPage("run.html");
    run = await opened.page.evaluate<RunInPage>("runInPage()");
  }, 300_000);
  afterAll(() => opened?.close());

  test("is trained on WebAssembly, and says where", () => {
    expect(run.device).toMatch(/^onnxruntime-web \S+ on WebAssembly, 1 thread$/);
    expect(run.browser).toMatch(/Chrome\//);
  });

  test("that is interrupted after a checkpoint is resumed bit for bit", () => {
    expect(run.ends).toEqual([
      ["done", 40],
      ["interrupted", 13],
      ["done", 40],
    ]);
    expect(run.weights.bytes).toBeGreaterThan(4 * 784 * 64);
    expect(run.weights.different).toBe(0);
  });

  test("is evaluated in the features of a classifier that is trained there", () => {
    expect(run.kid.features).toMatch(/^small-28 v1 \(digits [0-9a-f]{8}, seed 0\)$/);
    expect(run.kid.value).toBeGreaterThan(0);
  });

  test("scores examples", () => {
    expect(Object.keys(run.scores)).toEqual(["negElbo", "nll", "typicality", "reconstruction", "latent"]);
    for (const values of Object.values(run.scores)) {
      expect(values).toHaveLength(50);
      expect(values.every(Number.isFinite)).toBe(true);
    }
    // 5 samples together bound an example's likelihood more tightly than the mean of each alone.
    expect(run.scores["nll"]!.every((nll, i) => nll <= run.scores["negElbo"]![i]!)).toBe(true);
  });

  test("of diffusion samples there as it does outside of it", async () => {
    const inPage = await opened.page.evaluate<SamplesInPage>("diffusionInPage([4, 8], 4)");
    const platform = { ...nodePlatform, openStore: memoryStores() };
    await follow(await startRun(diffusionRequest([4, 8]), { out: "diffusion" }, platform));
    const { trained } = await loadRun("diffusion", await cpuDevice(1), platform);
    const { images } = await sampledBy(trained, 4);
    await trained.release();
    expect(Math.max(...images) - Math.min(...images)).toBeGreaterThan(0.3);
    expect(inPage.images).toHaveLength(images.length);
    expect(Math.max(...inPage.images.map((value, i) => Math.abs(value - images[i]!)))).toBeLessThan(0.01);
  }, 120_000);
});
