import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { diffusion } from "../../models/diffusion/diffusion.ts";
import { vae } from "../../models/vaes/vae.ts";
import { train } from "../../node/index.ts";
import type { TrainedRun } from "../trained-run.ts";
import { sampledFilm } from "./sampling-film.ts";

let run: TrainedRun;
beforeAll(async () => {
  run = await train(diffusion({ width: 16, depth: 1 }), "toy:moons:200", { steps: 4, batchSize: 8 });
});
afterAll(() => run.release());

const deviation = (values: Float32Array): number =>
  Math.sqrt(values.reduce((sum, v) => sum + v * v, 0) / values.length);

describe("the film of samples on their way", () => {
  test("begins with noise of variance 1, and ends with the samples, those of more than one chunk in their places", async () => {
    const count = 70;
    const { grid, frames } = await sampledFilm(run.trained, { count, seed: 3, options: { steps: 8 } });
    const samples = await run.sample(count, { seed: 3, steps: 8 });
    expect(grid.sets).toEqual([samples]);
    // 8 levels: the start, after each of 7 steps, and the samples in place of what the last level shows.
    expect(frames).toHaveLength(8);
    const [noisy, denoised] = frames[0]!.sets as [Float32Array, Float32Array];
    expect(Math.abs(deviation(noisy) - 1)).toBeLessThan(0.2);
    // E[x] at so much noise: the same for all, nearly.
    expect(deviation(denoised.map((v, i) => v - denoised[i % 2]!))).toBeLessThan(0.1);
    expect(frames.at(-1)!.sets).toEqual([samples, samples]);
    // Nearly no noise is left before the last step.
    const [before] = frames.at(-2)!.sets as [Float32Array];
    expect(deviation(before.map((v, i) => v - samples[i]!))).toBeLessThan(0.02);
    expect(frames.every(({ scaleOf }) => scaleOf === frames[0]!.scaleOf)).toBe(true);
  });

  test("of a solver that takes as many steps as it needs has every row in every frame", async () => {
    const options = { solver: "adaptive", mostSteps: 100, tolerance: 0.01 };
    const { frames } = await sampledFilm(run.trained, { count: 130, options });
    expect(frames.length).toBeGreaterThan(5);
    for (const { sets } of frames)
      for (const set of sets) expect(set.every((v) => Number.isFinite(v) && v !== 0)).toBe(true);
  });

  test("of many steps has about a hundred frames", async () => {
    const { frames } = await sampledFilm(run.trained, { count: 2, options: { steps: 251, solver: "ddim" } });
    expect(frames).toHaveLength(Math.ceil(250 / 3) + 1);
  });

  test.each([
    [{ count: 1e6 }, /^film: too many samples, got 1000000, expected at most 392156$/],
    [{ count: 2, options: { steps: 1 } }, /^film: there is no way to show, got a model that samples in one step, /],
    [{ count: 2, options: { stps: 9 } }, /^sample: stps: unknown setting, .*did you mean steps\?$/],
  ])("refuses %j in one line", async (options, message) => {
    await expect(sampledFilm(run.trained, options)).rejects.toThrow(message);
  });

  test("is none of a model that samples at once", async () => {
    const other = await train(vae({ latentDim: 2, hiddenDims: [8] }), "toy:moons:200", { steps: 2, batchSize: 8 });
    await expect(sampledFilm(other.trained, { count: 2 })).rejects.toThrow(/^film: .* got a model that samples in one/);
    await other.release();
  });
});
