import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type OpenPage, openPage, withoutChromium } from "./open-page.ts";
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
});
