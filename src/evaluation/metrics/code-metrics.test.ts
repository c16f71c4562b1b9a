import { afterEach, describe, expect, test } from "vitest";
import { temporaryRun } from "../../../test/temporary-run.ts";

let remove: (() => Promise<void>) | undefined;
afterEach(async () => remove?.());
const runOf = async (...of: Parameters<typeof temporaryRun>) => {
  const run = await temporaryRun(...of);
  remove = () => run.remove();
  return run;
};
const settings = { steps: 2, device: "cpu", threads: 1 } as const;

describe("active units", () => {
  test("of two layers are counted in each, that of the code first", async () => {
    const config = { latentDim: 6, topDim: 3, hiddenDims: [8], topHiddenDims: [4] };
    const run = await runOf("two-layer", "digits:200", { config, settings });
    const { metrics } = await run.evaluate({ metrics: ["active-units"], split: "train" });
    const { results, details } = metrics["active-units"]!;
    expect(results.map(({ name, of, note }) => [name, of, note])).toEqual([
      ["active units", "h1", "of 6"],
      ["active units", "h2", "of 3"],
    ]);
    // The means of q(h1|x) do not depend on noise: their variance by another path.
    const { train } = await run.loaded.openData();
    const { means } = await run.loaded.trained.codes(train);
    const { h1, h2 } = details as Record<"h1" | "h2", { readonly activity: readonly number[] }>;
    expect(h2.activity).toHaveLength(3);
    h1.activity.forEach((found, unit) => {
      const values = means.filter((_, i) => i % 6 === unit);
      const mean = values.reduce((a, b) => a + b) / values.length;
      expect(found).toBeCloseTo(values.reduce((a, v) => a + (v - mean) ** 2, 0) / values.length, 6);
    });
  });

  test.each(["mixture", "vamp"])("are counted with p(z) a %s, whose rate has no closed form", async (prior) => {
    const run = await runOf("vae", "digits:100", { config: { latentDim: 3, hiddenDims: [8], prior }, settings });
    const { metrics } = await run.evaluate({ metrics: ["active-units"], count: 10 });
    expect(metrics["active-units"]!.results).toMatchObject([{ name: "active units", note: "of 3" }]);
  });

  test("are no metric of a model without p(z): its codes have no scale", async () => {
    const run = await runOf("ae", "digits:100", { config: { latentDim: 3, hiddenDims: [8] }, settings });
    await expect(run.evaluate({ metrics: ["active-units"], count: 10 })).rejects.toThrow("the model has no p(z)");
  });
});

describe("the mutual information gap", () => {
  const gapsOf = async (model: string, config: object) => {
    const run = await runOf(model, "sprites", { config, settings, dataOptions: { validation: 1000 } });
    const { metrics } = await run.evaluate({ metrics: ["mig"], count: 200 });
    return metrics["mig"]!.results.map(({ name, of }) => [name, of]);
  };

  test("is there for a prior whose rate has no closed form, of means and of samples", async () => {
    const found = await gapsOf("vae", { latentDim: 3, hiddenDims: [8], prior: "mixture" });
    expect(found.slice(0, 2)).toEqual([
      ["mig", undefined],
      ["mig", "samples"],
    ]);
  });

  test("is there for an auto-encoder, of means alone", async () => {
    const found = await gapsOf("ae", { latentDim: 3, hiddenDims: [8] });
    expect(found[0]).toEqual(["mig", undefined]);
    expect(found.slice(1).map(([name]) => name)).not.toContain("mig");
  });
});
