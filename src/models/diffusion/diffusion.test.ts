import { describe, expect, test } from "vitest";
import { initialValues, sines } from "../../../test/variable-values.ts";
import { noiseValues } from "../../../test/noise-values.ts";
import { createDataset } from "../../data/dataset.ts";
import { type DataSpec, dataSpec } from "../../data/spec.ts";
import { evaluate } from "../../graph/evaluate.ts";
import { constant, Input, type Tensor } from "../../graph/tensor.ts";
import { conditioned, evaluation } from "../../nn/context.ts";
import { train } from "../../node/index.ts";
import { stream } from "../../random/index.ts";
import { objectivesOf } from "../../../test/objectives-of.ts";
import { type Diffusion, diffusion } from "./diffusion.ts";
import type { DiffusionConfig } from "./diffusion-settings.ts";

const settings = (more: Partial<DiffusionConfig> = {}): DiffusionConfig =>
  diffusion.config.parse({ width: 32, depth: 1, channels: [4, 8], ...more });
const build = (more: Partial<DiffusionConfig>, data: DataSpec): Diffusion =>
  diffusion.build(settings(more), data) as Diffusion;
const points = dataSpec([2], { range: null });
const classes = { name: "class", kind: "class", classes: ["a", "b", "c"] } as const;
const level = { alpha: constant(1), sigma: constant(0.7) };
/** Values of tensors, every variable at a value of its own: at the start the last layers are 0. */
const valuesOf = (model: object, roots: readonly Tensor[], seed = 1): number[][] => {
  const held = [...initialValues(model).keys()].map((v, i) => [v, sines(v, i)] as const);
  return evaluate(roots, new Map([...held, ...noiseValues(roots, seed)])).map(({ data }) => Array.from(data, Number));
};

describe("networks", () => {
  test.each([[[1, 28, 28]], [[3, 20, 33]], [[1, 7, 9]]])("unet of images of %j, odd sizes too", (shape) => {
    const model = build({ network: "unet", channels: [4, 8, 8], blocks: 2, attention: 2 }, dataSpec(shape));
    expect(model.denoise(new Input("y", [2, ...shape]), level, evaluation).x.shape).toEqual([2, ...shape]);
  });

  test.each(["unet", "transformer"] as const)("%s of squares of pixels", (network) => {
    const model = build({ network, patch: 4, attention: 0 }, dataSpec([1, 8, 12]));
    const y = constant(
      Array.from({ length: 96 }, (_, i) => Math.sin(i)),
      [1, 1, 8, 12],
    );
    const { x } = model.denoise(y, level, evaluation);
    expect(x.shape).toEqual([1, 1, 8, 12]);
    expect(valuesOf(model, [x])[0]!.every(Number.isFinite)).toBe(true);
  });

  test("at the start the network says 0, whichever: D is cSkip y", () => {
    for (const network of ["mlp", "unet", "transformer"] as const) {
      const model = build({ network }, dataSpec([1, 8, 8]));
      const y = constant(
        Array.from({ length: 64 }, (_, i) => Math.sin(i)),
        [1, 1, 8, 8],
      );
      const [found] = evaluate([model.denoise(y, level, evaluation).x], initialValues(model));
      const cSkip = 0.25 / (0.25 + 0.49);
      Array.from(found!.data).forEach((v, i) => expect(v).toBeCloseTo(cSkip * Math.sin(i), 5));
    }
  });

  test.each(["mlp", "unet", "transformer"] as const)("%s sees the level and the class", (network) => {
    const model = build({ network, conditional: true }, dataSpec([1, 8, 8], { fields: [classes] }));
    const y = constant(
      Array.from({ length: 64 }, (_, i) => Math.sin(i)),
      [1, 1, 8, 8],
    );
    const of = (sigma: number, label?: number): Tensor =>
      model.denoise(
        y,
        { alpha: constant(1), sigma: constant(sigma) },
        label === undefined ? evaluation : conditioned(evaluation, { class: constant([label], [1], "int64") }),
      ).n;
    const found = valuesOf(model, [of(1), of(2), of(1, 0), of(1, 2), of(1, -1)]);
    expect(found[1]).not.toEqual(found[0]);
    expect(found[2]).not.toEqual(found[0]);
    expect(found[3]).not.toEqual(found[2]);
    // Of no class at all, as without a condition.
    expect(found[4]).toEqual(found[0]);
  });
});

describe("guidance", () => {
  test("is the prediction without the class, and w times the way to that with it", () => {
    const model = build({ conditional: true, prediction: "x0", process: "ddpm" }, { ...points, fields: [classes] });
    const y = constant([0.3, -0.4], [1, 2]);
    const given = conditioned(evaluation, { class: constant([1], [1], "int64") });
    const guided = (w: number): Tensor => model.denoise(y, level, given, { guide: () => constant(w) }).x;
    const [without, withIt, zero, one, three] = valuesOf(model, [
      model.denoise(y, level, evaluation).x,
      model.denoise(y, level, given).x,
      guided(0),
      guided(1),
      guided(3),
    ]);
    expect(without).not.toEqual(withIt);
    for (const [i, base] of without!.entries()) {
      expect(zero![i]).toBeCloseTo(base, 6);
      expect(one![i]).toBeCloseTo(withIt![i]!, 6);
      expect(three![i]).toBeCloseTo(base + 3 * (withIt![i]! - base), 5);
    }
  });

  test("is there where the class may be left out, and only there", () => {
    const labeled = { ...points, fields: [classes] };
    const scheduled = (more: Partial<DiffusionConfig>, data: DataSpec) => {
      const { sampler } = build(more, data);
      return () => sampler.schedule(sampler.options.parse({ guidance: 2 }));
    };
    expect(scheduled({ conditional: true }, labeled)()).toHaveLength(17);
    for (const wrong of [scheduled({ conditional: true, conditionDropout: 0 }, labeled), scheduled({}, points)])
      expect(wrong).toThrow(
        /^guidance: the model has no condition that may be left out, got 2, expected one trained with/,
      );
  });
});

test("the condition is left out in training as often as asked for", () => {
  const data = { ...points, fields: [classes] };
  const model = build({ conditional: true, conditionDropout: 1 }, data);
  const x = constant([0.1, 0.2, 0.3, 0.4], [2, 2]);
  const lossOf = (of: Diffusion, label: number): number => {
    const fields = { class: constant([label, label], [2], "int64") };
    const [objective] = objectivesOf(of, x, { fields });
    return valuesOf(of, [objective!.loss])[0]![0]!;
  };
  expect(lossOf(model, 0)).toBe(lossOf(model, 2));
  const always = build({ conditional: true, conditionDropout: 0 }, data);
  expect(lossOf(always, 0)).not.toBe(lossOf(always, 2));
});

test("intensities stay between black and white, and rows of a table are rows", () => {
  const image = build({}, dataSpec([3]));
  const sampler = image.sampler;
  const options = Object.fromEntries(
    Object.entries(sampler.options.parse({ steps: 1 })).map(([name, v]) => [
      name,
      typeof v === "number" ? constant(v) : v,
    ]),
  ) as unknown as Parameters<typeof sampler.start>[1];
  const [samples] = valuesOf(image, [sampler.finish(sampler.start(50, options, evaluation), options, evaluation)]);
  expect(samples!.every((v) => v >= 0 && v <= 1)).toBe(true);

  const columns = [
    { name: "age", kind: "number" },
    { name: "town", kind: "category", values: ["x", "y", "z"] },
  ] as const;
  const table = build({}, { kind: "table", shape: [4], range: null, columns });
  expect(table.density).toBeUndefined();
  const [rows] = valuesOf(table, [
    table.sampler.finish(table.sampler.start(20, options, evaluation), options, evaluation),
  ]);
  for (let i = 0; i < 20; i++) expect(rows!.slice(4 * i + 1, 4 * i + 4).toSorted((a, b) => a - b)).toEqual([0, 0, 1]);
});

describe("wrong settings", () => {
  test.each([
    [{ process: "edm", path: "linear" }, "path: the process edm has its own, got linear, expected none"],
    [
      { process: "ddpm", path: "rectified" },
      "path: the process ddpm does not take it, got rectified, expected linear or cosine",
    ],
    [
      { coupling: "optimal-transport" },
      "coupling: optimal-transport is for process=flow, got process=edm, expected independent",
    ],
    [
      { network: "unet" },
      "network: unet needs images, got examples of shape [2], expected [channels, height, width]; use network=mlp",
    ],
    [{ conditional: true }, "model: it is conditioned on labels, got data without"],
  ] as const)("%j", (more, message) => {
    expect(() => build(more as Partial<DiffusionConfig>, points)).toThrow(message);
  });

  test.each([
    [
      { network: "unet", channels: [4, 4, 4, 4, 4] },
      "channels: unet halves an image between resolutions, got 5 of them for images of 8x8, expected at most 4",
    ],
    [
      { network: "unet", patch: 3 },
      "patch: images are cut into squares of its side, got 3 for images of 8x8, expected a common divisor of both sides, such as 1",
    ],
    [
      { network: "transformer", width: 48 },
      "width: a transformer has heads of 32 features, got 48, expected a multiple",
    ],
    [
      { network: "unet", attention: 3 },
      "attention: it counts resolutions, got 3, expected at most 2, the number of channels",
    ],
  ] as const)("of images: %j", (more, message) => {
    expect(() => build(more as unknown as Partial<DiffusionConfig>, dataSpec([1, 8, 8]))).toThrow(message);
  });

  test("no steps", () => {
    expect(build({}, points).sampler.options.safeParse({ steps: 0 }).success).toBe(false);
  });
});

describe("training", () => {
  test("on points gives samples and log p(x) of the data's distribution", async () => {
    const run = await train(diffusion({ width: 64, depth: 2 }), "toy:8gaussians:4000", {
      steps: 700,
      batchSize: 256,
      seed: 0,
      learningRate: 2e-3,
    });
    const { metrics } = await run.evaluate({ metrics: ["modes", "density"], generated: 1000 });
    const found = (metric: string, name: string): number =>
      metrics[metric]!.results.find((each) => each.name === name)!.value;
    expect(found("modes", "modes")).toBe(8);
    expect(found("modes", "high quality")).toBeGreaterThan(0.75);
    expect(found("density", "kl")).toBeGreaterThan(-0.05);
    expect(found("density", "kl")).toBeLessThan(0.5);
    const sampled = async (sampler: Readonly<Record<string, unknown>>): Promise<number> => {
      const { metrics: of } = await run.evaluate({ metrics: ["modes"], generated: 500, sampler });
      expect(of["modes"]!.conditions["sampler"]).toEqual(sampler);
      return of["modes"]!.results.find(({ name }) => name === "high quality")!.value;
    };
    // One step is the mean of the data, which no mode is near.
    expect(await sampled({ steps: 1 })).toBe(0);
    expect(await sampled({ steps: 12, solver: "dpm-solver++" })).toBeGreaterThan(0.6);
    await expect(run.evaluate({ metrics: ["modes"], sampler: { solver: "rk4" } })).rejects.toThrow(
      '--sampler: solver: not a value it takes, got "rk4", expected one of heun, euler',
    );
    await run.release();
  });

  test("by class gives samples of each, and guidance moves them away from the other", async () => {
    const random = stream(0, "classes");
    const size = 3000;
    const labels = Uint16Array.from({ length: size }, (_, i) => i % 2);
    const values = Float32Array.from({ length: 2 * size }, (_, i) =>
      i % 2 === 1 ? random.normal() : 2 * labels[i >> 1]! - 1 + 0.5 * random.normal(),
    );
    const dataset = { name: "two", description: "two Gaussians", shape: [2], size, values, range: null };
    const data = await createDataset({ ...dataset, labels, classNames: ["left", "right"] });
    const choice = diffusion({ conditional: true, width: 64, depth: 2 });
    const run = await train(choice, data, { steps: 500, batchSize: 128, seed: 0, learningRate: 2e-3 });
    const meanOf = async (label: number | undefined, options = {}): Promise<number> => {
      const from = label === undefined ? run.trained : run.trained.given({ class: [label] });
      const x = await from.sample(400, options);
      return x.reduce((sum, v, i) => sum + (i % 2 === 0 ? v / 400 : 0), 0);
    };
    for (const label of [0, 1]) {
      const side = 2 * label - 1;
      expect(Math.abs((await meanOf(label)) - side)).toBeLessThan(0.15);
      expect((await meanOf(label, { guidance: 1 })) - (await meanOf(label))).toBeCloseTo(0, 4);
      expect(side * (await meanOf(label, { guidance: 3 }))).toBeGreaterThan(1.5);
    }
    expect(Math.abs(await meanOf(undefined))).toBeLessThan(0.2);
    await run.release();
  });
});

test("losses by noise level are means of the examples there, and none where there are none", () => {
  const model = build({}, points);
  const x = constant([0.1, 0.2], [1, 2]);
  const [objective] = objectivesOf(model, x);
  expect(objective!.partial).toEqual(["lossLowNoise", "lossMiddleNoise", "lossHighNoise"]);
  const { metrics, loss } = objective!;
  const [all, ...parts] = valuesOf(model, [loss, ...objective!.partial!.map((name) => metrics[name]!)]).map(
    ([v]) => v!,
  );
  // Of one example, one part is its loss.
  expect(parts.filter((v) => !Number.isNaN(v))).toEqual([all]);
});
