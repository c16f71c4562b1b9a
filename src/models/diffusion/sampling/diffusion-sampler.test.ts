import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { dataSpec } from "../../../data/spec.ts";
import { train } from "../../../node/index.ts";
import type { TrainedRun } from "../../../runs/trained-run.ts";
import { diffusion } from "../diffusion.ts";

let run: TrainedRun;
beforeAll(async () => {
  const settings = { network: "mlp" as const, width: 16, depth: 1, conditional: true, conditionDropout: 0.2 };
  run = await train(diffusion(settings), "digits:40", { steps: 4, batchSize: 8 });
});
afterAll(() => run.release());

describe("options that do nothing are refused", () => {
  const interval = { guidance: 2, guidanceFrom: 3, guidanceTo: 3 };
  test.each([
    [{ eta: 0.5 }, "sample: eta: it does nothing with solver=heun, got 0.5, expected solver to be ancestral"],
    [
      { solver: "ddim", churn: 5 },
      "sample: churn: it does nothing with solver=ddim, got 5, expected solver to be stochastic",
    ],
    [{ guidanceFrom: 1 }, "guidance: it is not given, got noise levels of it, expected its weight too"],
    [interval, "guidance: there is no noise level with it, got from 3 to 3, expected the first below the second"],
    [{ guidance: 2 }, "guidance: it is towards a condition, got none, expected a class or another condition too"],
  ])("%j", async (options, message) => {
    await expect(run.sample(2, { steps: 2, ...options })).rejects.toThrow(message);
  });

  test("guidance of a model that has no condition, or always had it", async () => {
    for (const more of [{}, { conditional: true, conditionDropout: 0 }]) {
      const other = await train(diffusion({ network: "mlp", width: 8, depth: 1, ...more }), "digits:40", { steps: 1 });
      const wrong = other.given("conditional" in more ? { class: [1] } : {}).sample(2, { guidance: 2 });
      await expect(wrong).rejects.toThrow(
        /^guidance: the model has no condition that may be left out, got 2, expected one trained with conditional=true and/,
      );
      await other.release();
    }
  });

  test("solvers of a consistency model but its own", async () => {
    const other = await train(diffusion({ process: "consistency", width: 8, depth: 1 }), "toy:moons:40", { steps: 1 });
    await expect(other.sample(2, { solver: "heun" })).rejects.toThrow(
      /^solver: D of a consistency model is where a path ends, not E\[x\|y\], got heun, expected renoise$/,
    );
    expect(await other.sample(2)).toHaveLength(4);
    await other.release();
  });

  test("and taken where they do something, or are as they are by default", async () => {
    const given = run.given({ class: [0, 1] });
    const guided = await given.sample(8, { steps: 3, guidance: 3 });
    expect(await given.sample(8, { steps: 3, guidance: 3, eta: 1, churn: 40 })).toEqual(guided);
    expect(await given.sample(8, { steps: 3, guidance: 3, guidanceFrom: 1 })).not.toEqual(guided);
    const ancestral = { steps: 3, solver: "ancestral" };
    const ddim = await run.sample(8, { steps: 3, solver: "ddim" });
    const without = await run.sample(8, { ...ancestral, eta: 0 });
    without.forEach((value, i) => expect(value).toBeCloseTo(ddim[i]!, 5));
    expect(await run.sample(8, { ...ancestral, eta: 0.5 })).not.toEqual(await run.sample(8, ancestral));
  });
});

describe("a learned variance", () => {
  test.each([
    { network: "mlp", width: 16, depth: 1 },
    { network: "unet", channels: [4, 4] },
    { network: "transformer", width: 32, depth: 1, patch: 7 },
  ] as const)("is of every network, beside the same mean: %j", async (network) => {
    const settings = { process: "ddpm", conditional: true, ...network } as const;
    const other = await train(diffusion({ ...settings, variance: "learned" }), "digits:40", { steps: 2, batchSize: 8 });
    const given = other.given({ class: [3] });
    const ancestral = await given.sample(2, { steps: 3, guidance: 2 });
    expect(ancestral.every((v) => v >= 0 && v <= 1)).toBe(true);
    // Without noise there is none to learn the variance of.
    const ddim = await given.sample(2, { steps: 3, solver: "ddim" });
    (await given.sample(2, { steps: 3, eta: 0 })).forEach((v, i) => expect(v).toBeCloseTo(ddim[i]!, 4));
    await other.release();
  });

  test("is for process=ddpm", () => {
    expect(() => diffusion.build(diffusion.config.parse({ variance: "learned" }), dataSpec([2]))).toThrow(
      /^variance: learned is for process=ddpm, got process=edm, expected fixed$/,
    );
  });
});
