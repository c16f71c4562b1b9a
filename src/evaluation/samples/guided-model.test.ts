import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { modeCoverage } from "../../metrics/samples/mode-coverage.ts";
import { diffusion } from "../../models/diffusion/diffusion.ts";
import { vae } from "../../models/vaes/vae.ts";
import { train } from "../../node/index.ts";
import type { TrainedRun } from "../../runs/trained-run.ts";
import { guidedModel } from "./guided-model.ts";

const toy = "toy:8gaussians:2000";
const settings = { width: 64, depth: 2 };
let good: TrainedRun;
let bad: TrainedRun;
beforeAll(async () => {
  const how = { batchSize: 128, learningRate: 2e-3 };
  good = await train(diffusion(settings), toy, { ...how, steps: 700 });
  bad = await train(diffusion({ ...settings, width: 16, depth: 1 }), toy, { ...how, steps: 150 });
});
afterAll(async () => {
  await good.release();
  await bad.release();
});

describe("samples guided by a worse model", () => {
  test("are those of the model alone, to the bit, by the weight 1", async () => {
    const guided = guidedModel(good.trained, bad.trained);
    for (const solver of ["heun", "adaptive"])
      expect(await guided.sample(70, { solver, guidance: 1, seed: 2 })).toEqual(
        await good.trained.sample(70, { solver, seed: 2 }),
      );
    expect(await guided.sample(70, { seed: 2 })).toEqual(await good.trained.sample(70, { seed: 2 }));
  });

  test("are those of the guide by the weight 0", async () => {
    const guided = await guidedModel(good.trained, bad.trained).sample(64, { guidance: 0 });
    const alone = await bad.trained.sample(64);
    guided.forEach((v, i) => expect(Math.abs(v - alone[i]!)).toBeLessThan(1e-3));
  });

  test("are within 3 standard deviations of a mode more often, and lose none of the modes", async () => {
    const guided = guidedModel(good.trained, bad.trained);
    const modes = Array.from(
      { length: 8 },
      (_, i) => [2 * Math.cos((i * Math.PI) / 4), 2 * Math.sin((i * Math.PI) / 4)] as const,
    );
    const coverage = async (guidance: number) =>
      modeCoverage(good.toDataUnits(await guided.sample(2048, { guidance })), { modes, std: 0.1 });
    const [alone, twice] = [await coverage(1), await coverage(2)];
    expect(alone.highQuality).toBeLessThan(0.96);
    expect(twice.highQuality).toBeGreaterThan(0.5 + alone.highQuality / 2);
    expect(twice.covered).toBe(8);
  });

  test("between two noise levels only, are guided there", async () => {
    const guided = guidedModel(good.trained, bad.trained);
    const alone = await good.trained.sample(8);
    expect(await guided.sample(8, { guidance: 3, guidanceFrom: 100 })).toEqual(alone);
    expect(await guided.sample(8, { guidance: 3, guidanceFrom: 1 })).not.toEqual(alone);
  });

  test("are refused of models that do not fit, in one line", async () => {
    const consistent = await train(diffusion({ process: "consistency", width: 8, depth: 1 }), toy, { steps: 2 });
    const other = await train(vae({ latentDim: 2, hiddenDims: [8] }), toy, { steps: 2 });
    const images = await train(diffusion({ network: "mlp", width: 8, depth: 1, conditional: true }), "digits:30", {
      steps: 2,
    });
    const more = await train(diffusion({ network: "mlp", width: 8, depth: 1 }), "digits:30", { steps: 2 });
    expect(() => guidedModel(other.trained, good.trained)).toThrow(
      /^guide: the model cannot be guided, .* expected a diffusion model$/,
    );
    for (const wrong of [other, consistent])
      expect(() => guidedModel(good.trained, wrong.trained)).toThrow(
        /^guide: predictions of E\[x\|y\] guide each other, /,
      );
    expect(() => guidedModel(good.trained, images.trained)).toThrow(
      /^guide: it is of other examples, got image of shape \[1, 28, 28\], expected points of shape \[2\]$/,
    );
    expect(() => guidedModel(more.trained, images.trained)).toThrow(
      /^guide: it has a condition of its own, got class, expected none, as the model has$/,
    );
    // A guide without the model's condition is one.
    const guided = guidedModel(images.trained.given({ class: [3] }), more.trained);
    expect(await guided.sample(2, { guidance: 2, steps: 2 })).toHaveLength(2 * 784);
    for (const run of [consistent, other, images, more]) await run.release();
  });
});
