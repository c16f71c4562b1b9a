import { readFileSync } from "node:fs";
import { join } from "node:path";
import { decode } from "fast-png";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { install, type Installed, jsonLines } from "./install.ts";

let latentkit: Installed;
beforeAll(() => {
  latentkit = install();
});
afterAll(() => latentkit.remove());

async function output(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await latentkit.run(...args);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return stdout;
}
const data = ["--data", "digits:1000", "--threads", "1", "--json"];

describe("a denoising auto-encoder", () => {
  beforeAll(async () => {
    const settings = ["--steps", "150", "--batch-size", "50", "--set", "hiddenDims=128", "--set", "noise=0.5"];
    await output("train", "dae", ...data, ...settings, "--out", "denoiser");
  });

  test("restores examples, the same noise for the same seed", async () => {
    const denoise = async (...flags: string[]) =>
      JSON.parse(await output("denoise", "denoiser", "--measure", "100", "--json", ...flags)) as {
        file: string;
        measured: number;
        psnr: { corrupted: number; restored: number };
        gain: number;
      };
    const found = await denoise("--count", "4");
    expect(found).toMatchObject({ measured: 100, shape: [4, 1, 28, 28], split: "test" });
    // 10 log10(1 / 0.5^2)
    expect(found.psnr.corrupted).toBeCloseTo(6.02, 1);
    expect(found.gain).toBeCloseTo(found.psnr.restored - found.psnr.corrupted, 10);
    expect(found.gain).toBeGreaterThan(5);
    // Three rows of four pictures, twice their size, with gaps.
    const { width, height } = decode(readFileSync(join(latentkit.folder, found.file)));
    expect(width / height).toBeCloseTo(4 / 3, 1);
    expect((await denoise("--count", "4")).psnr).toEqual(found.psnr);
    expect((await denoise("--count", "4", "--seed", "1")).psnr).not.toEqual(found.psnr);
  });

  test("cannot sample, and says so in one line", async () => {
    const { code, stderr } = await latentkit.run("sample", "denoiser");
    expect(code).toBe(2);
    expect(stderr).toMatch(/^[^\n]*has no p\(z\) to sample from[^\n]*--prior[^\n]*\n$/);
  });
});

describe("principal component analysis", () => {
  test("is solved in one step, whatever the length and the batch size, and then is a run like any other", async () => {
    const events = jsonLines(await output("train", "pca", ...data, "--epochs", "7", "--out", "components"));
    expect(events.map(({ event }) => event)).toEqual(["start", "validation", "checkpoint", "done"]);
    expect(events[0]).toMatchObject({ steps: 1 });
    const { metrics } = events.at(-1) as { metrics: { test: Record<string, number> } };
    // 32 of 784 components leave about a quarter of these digits' variance.
    expect(metrics.test["unexplained"]).toBeGreaterThan(0.15);
    expect(metrics.test["unexplained"]).toBeLessThan(0.4);
    await output("sample", "components", "--count", "4");
    await output("reconstruct", "components", "--count", "4");
  });

  test("has no noise to remove, and says so in one line", async () => {
    const { code, stderr } = await latentkit.run("denoise", "components");
    expect(code).toBe(2);
    expect(stderr).toMatch(/^[^\n]*has no noise to remove[^\n]*\n$/);
  });

  test("with as many components as values is refused before there is a run", async () => {
    const { code, stderr } = await latentkit.run("train", "pca", ...data, "--set", "latentDim=784", "--out", "full");
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringMatching(/^[^\n]*at most 783[^\n]*\n$/) as string,
    });
  });
});
