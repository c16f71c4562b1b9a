import { describe, expect, test } from "vitest";
import { noiseValues } from "../../../test/noise-values.ts";
import { objectivesOf } from "../../../test/objectives-of.ts";
import { initialValues, sines } from "../../../test/variable-values.ts";
import { createDataset } from "../../data/dataset.ts";
import { digitsSource } from "../../data/generators/digits.ts";
import { type DataSpec, dataSpec } from "../../data/spec.ts";
import { firstExamples } from "../../data/first-examples.ts";
import { evaluate } from "../../graph/evaluate.ts";
import { constant, type Tensor } from "../../graph/tensor.ts";
import { conditioned, evaluation } from "../../nn/context.ts";
import { train } from "../../node/index.ts";
import { resizeBilinear } from "../../ops/resize.ts";
import { stream } from "../../random/index.ts";
import { exampleFields } from "../../evaluation/given-examples.ts";
import { conditioningOf, withoutOptional, withoutSome } from "./diffusion-conditions.ts";
import { type Diffusion, diffusion } from "./diffusion.ts";
import type { DiffusionConfig } from "./diffusion-settings.ts";

const settings = (more: Partial<DiffusionConfig> = {}): DiffusionConfig =>
  diffusion.config.parse({ width: 32, depth: 1, channels: [4, 8], ...more });
const build = (more: Partial<DiffusionConfig>, data: DataSpec): Diffusion =>
  diffusion.build(settings(more), data) as Diffusion;
const fields = [
  { name: "class", kind: "class", classes: ["a", "b", "c"] },
  { name: "light", kind: "numbers", shape: [2] },
] as const;
const images = dataSpec([1, 8, 8], { fields });
const points = dataSpec([2], { range: null, fields });
const level = { alpha: constant(1), sigma: constant(0.7) };
const classOf = (...labels: number[]): Tensor => constant(labels, [labels.length], "int64");
const valuesOf = (model: object, roots: readonly Tensor[], seed = 1): number[][] => {
  const held = [...initialValues(model).keys()].map((v, i) => [v, sines(v, i)] as const);
  return evaluate(roots, new Map([...held, ...noiseValues(roots, seed)])).map(({ data }) => Array.from(data, Number));
};
const wave = (rows: number, phase = 0): Tensor =>
  constant(
    Array.from({ length: rows * 64 }, (_, i) => 0.5 + 0.4 * Math.sin(i + phase)),
    [rows, 1, 8, 8],
  );

describe("super-resolution", () => {
  test("is conditioned on means over squares of the example, which data do not have", () => {
    const { condition } = build({ superResolution: 4 }, images);
    expect(condition).toMatchObject({
      fields: [{ name: "lowResolution", kind: "numbers", shape: [1, 2, 2] }],
      required: true,
      optional: [],
    });
    const x = Float32Array.from({ length: 64 }, (_, i) => (i % 8) + 10 * Math.floor(i / 8));
    const { lowResolution } = exampleFields({ condition } as unknown as Diffusion, [1, 8, 8], x);
    expect(Array.from(lowResolution!)).toEqual([16.5, 20.5, 56.5, 60.5]);
  });

  test.each(["mlp", "unet", "transformer"] as const)("%s sees the smaller image", (network) => {
    const model = build({ network, superResolution: 4 }, images);
    const given = (...lowResolution: number[]): Tensor =>
      model.denoise(wave(1), level, conditioned(evaluation, { lowResolution: constant(lowResolution, [1, 1, 2, 2]) }))
        .x;
    const [none, gray, one, other] = valuesOf(model, [
      model.denoise(wave(1), level, evaluation).x,
      given(0.5, 0.5, 0.5, 0.5),
      given(0.1, 0.9, 0.5, 0.2),
      given(0.9, 0.1, 0.5, 0.2),
    ]);
    expect(one).not.toEqual(other);
    // Gray is in the middle of black and white, and still an image.
    expect(gray).not.toEqual(none);
  });

  test("trains on the smaller image of each example", () => {
    const model = build({ superResolution: 2 }, dataSpec([1, 8, 8]));
    const x = wave(2);
    const lossOf = (lowResolution: Tensor): number =>
      valuesOf(model, [objectivesOf(model, x, { fields: { lowResolution } })[0]!.loss])[0]![0]!;
    const own = model.condition!.ofExample!["lowResolution"]!(x);
    expect(lossOf(own)).not.toBe(lossOf(own.mul(0)));
  });

  test("of one image there are samples as small as it, where it differs from others", async () => {
    const digits = await digitsSource({ size: 600, seed: 1 });
    const large = constant(firstExamples(digits.train, 480), [480, 1, 28, 28]);
    const [shrunk] = evaluate([resizeBilinear(large, { size: [8, 8] }, { antialias: true })]);
    const values = Float32Array.from(shrunk!.data, (v) => Math.min(1, Math.max(0, v)));
    const dataset = {
      name: "small",
      description: "digits of 8x8",
      shape: [1, 8, 8],
      size: 480,
      range: [0, 1],
    } as const;
    const choice = diffusion({ superResolution: 2, network: "unet", channels: [16, 16], attention: 0 });
    const run = await train(choice, await createDataset({ ...dataset, values }), {
      steps: 200,
      batchSize: 32,
      seed: 0,
      learningRate: 2e-3,
    });
    const { model, shape } = run.trained;
    const small = exampleFields(model, shape, values.subarray(0, 40 * 64))["lowResolution"]!;
    const samples = await run.trained.given({ lowResolution: small }).sample(40, { steps: 10, seed: 3 });
    const made = exampleFields(model, shape, samples)["lowResolution"]!;
    const error = (shift: number): number =>
      made.reduce((sum, v, i) => sum + (v - small[(i + shift * 16) % small.length]!) ** 2, 0) / made.length;
    // As far as samples of a model that is not given the image are from it: those of others.
    expect(error(0)).toBeLessThan(0.25 * error(7));
    await expect(run.trained.sample(2)).rejects.toThrow(
      "model: it is of p(x | lowResolution), got no lowResolution to sample with, expected numbers of shape [1, 4, 4], by latentkit upscale or given()",
    );
    const { metrics } = await run.evaluate({ metrics: ["mmd"], generated: 40, extractor: "raw" });
    expect(metrics["mmd"]!.failed).toBeUndefined();
    await run.release();
  });

  test.each([
    [
      { superResolution: 3 },
      images,
      "superResolution: the smaller image has whole pixels, got a factor of 3 for images of 8x8, expected a common divisor of both sides",
    ],
    [
      { superResolution: 2 },
      points,
      "superResolution: it is of images, got points of shape [2], expected [channels, height, width]",
    ],
    [
      { superResolution: 2 },
      dataSpec([1, 8, 8], { fields: [{ name: "lowResolution", kind: "numbers", shape: [1] }] }),
      "superResolution: the data have a field of the name of the smaller image, got lowResolution, expected another name",
    ],
    [
      { conditionDropout: 0.3 },
      points,
      "conditionDropout: there is nothing to leave out, got 0.3 without a field to condition on, expected conditional=true or fields too",
    ],
  ] as const)("wrong: %j", (more, data, message) => {
    expect(() => build(more, data)).toThrow(message);
  });
});

describe("several fields", () => {
  const both = { class: classOf(1), light: constant([0, 0], [1, 2]) };

  test.each(["mlp", "unet", "transformer"] as const)("%s sees each, and whether numbers are known", (network) => {
    const model = build({ network, conditional: true, fields: ["light"] }, images);
    const of = (condition?: Readonly<Record<string, Tensor>>): Tensor =>
      model.denoise(wave(1), level, condition ? conditioned(evaluation, condition) : evaluation).x;
    const [none, all, byClass, byLight, brighter] = valuesOf(model, [
      of(),
      of(both),
      of({ class: both.class }),
      of({ light: both.light }),
      of({ light: constant([1, 0], [1, 2]) }),
    ]);
    const different = new Set([none, all, byClass, byLight, brighter].map((each) => JSON.stringify(each)));
    expect(different.size).toBe(5);
  });

  test("a row without numbers in training is one that is given none in sampling", () => {
    const model = build({ fields: ["light"], conditionDropout: 1 }, points);
    const y = constant([0.3, -0.4], [1, 2]);
    const dropped = withoutSome(model.condition!, { light: constant([5, 6], [1, 2]) }, { batch: 1, probability: 1 });
    const [without, left] = valuesOf(model, [
      model.denoise(y, level, evaluation).x,
      model.denoise(y, level, conditioned(evaluation, dropped)).x,
    ]);
    expect(left).toEqual(without);
  });

  test("an image that is a field of the data is beside y in a network of images", () => {
    const sketch = { name: "sketch", kind: "numbers", shape: [2, 8, 8] } as const;
    const data = dataSpec([1, 8, 8], { fields: [sketch] });
    const model = build({ network: "unet", fields: ["sketch"], attention: 0 }, data);
    expect(model.network).toMatchObject({ embedding: expect.not.objectContaining({ condition: expect.anything() }) });
    const at = (pixel: number): Tensor => {
      const image = constant(
        Array.from({ length: 128 }, (_, i) => Number(i === pixel)),
        [1, 2, 8, 8],
      );
      return model.denoise(wave(1), level, conditioned(evaluation, { sketch: image })).x;
    };
    const [one, other] = valuesOf(model, [at(0), at(64 + 63)]);
    expect(one).not.toEqual(other);
  });

  test("are left out together as often as asked for, and each by itself as often again", () => {
    const { condition } = build({ conditional: true, fields: ["light"], superResolution: 2 }, images);
    const rows = 20_000;
    const batch = {
      class: classOf(...Array.from({ length: rows }, () => 1)),
      light: constant(1).broadcastTo([rows, 2]),
      lowResolution: constant(1).broadcastTo([rows, 1, 4, 4]),
    };
    const dropped = withoutSome(condition!, batch, { batch: rows, probability: 0.2 });
    expect(dropped["lowResolution"]).toBe(batch.lowResolution);
    const roots = [dropped["class"]!, dropped["light known"]!];
    const [labels, lights] = evaluate(roots, noiseValues(roots, 3)).map(({ data }) => Array.from(data, Number));
    const share = (among: (label: boolean, light: boolean) => boolean): number =>
      labels!.filter((label, i) => among(label === 1, lights![i] === 1)).length / rows;
    expect(share((label, light) => !label && !light)).toBeCloseTo(0.2 + 0.8 * 0.2 * 0.2, 2);
    expect(share((label, light) => label && !light)).toBeCloseTo(0.8 * 0.8 * 0.2, 2);
    expect(share((label, light) => !label && light)).toBeCloseTo(0.8 * 0.8 * 0.2, 2);
  });

  test("guidance leaves out what may be left out, and keeps the smaller image", () => {
    const model = build({ conditional: true, superResolution: 4 }, images);
    const lowResolution = constant([0.1, 0.9, 0.5, 0.2], [1, 1, 2, 2]);
    const given = conditioned(evaluation, { class: classOf(1), lowResolution });
    const [zero, without] = valuesOf(model, [
      model.denoise(wave(1), level, given, { guide: () => constant(0) }).x,
      model.denoise(wave(1), level, conditioned(evaluation, { lowResolution })).x,
    ]);
    zero!.forEach((v, i) => expect(v).toBeCloseTo(without![i]!, 6));
    expect(() => withoutOptional(model.condition, conditioned(evaluation, { lowResolution }))).toThrow(
      "guidance: it is towards what may be left out of a condition, got none of that, expected a class or another field too",
    );
    const schedule = ({ sampler }: Diffusion) => sampler.schedule(sampler.options.parse({ guidance: 2 }));
    expect(() => schedule(build({ superResolution: 4 }, images))).toThrow(/^guidance: /);
    expect(schedule(model).length).toBeGreaterThan(0);
  });

  test("the class is one of them, once", () => {
    const names = (more: Partial<DiffusionConfig>) =>
      conditioningOf(settings(more), images)?.fields.map(({ name }) => name);
    expect(names({})).toBeUndefined();
    expect(names({ conditional: true })).toEqual(["class"]);
    expect(names({ conditional: true, fields: ["light"] })).toEqual(["class", "light"]);
    expect(names({ conditional: true, fields: ["light", "class"] })).toEqual(["light", "class"]);
    expect(() => names({ fields: ["dark"] })).toThrow(
      "fields: the data have none of this name, got dark, expected one of class, light",
    );
  });

  test("each is learned, and together they are", async () => {
    const random = stream(0, "fields");
    const size = 2000;
    const labels = Uint8Array.from({ length: size }, (_, i) => i % 2);
    const height = Float32Array.from({ length: size }, () => 2 * random.uniform() - 1);
    const values = Float32Array.from({ length: 2 * size }, (_, at) =>
      at % 2 === 0 ? 2 * labels[at >> 1]! - 1 + 0.2 * random.normal() : height[at >> 1]! + 0.2 * random.normal(),
    );
    const data = await createDataset({
      name: "crossed",
      description: "a Gaussian by class and by height",
      shape: [2],
      size,
      values,
      range: null,
      labels,
      classNames: ["left", "right"],
      fields: { height: { kind: "numbers", shape: [1], values: height } },
    });
    const choice = diffusion({ conditional: true, fields: ["height"], conditionDropout: 0.3, width: 64, depth: 2 });
    const run = await train(choice, data, { steps: 600, batchSize: 128, seed: 0, learningRate: 3e-3 });
    const meanOf = async (condition: Readonly<Record<string, readonly number[]>>): Promise<readonly number[]> => {
      const x = await run.trained.given(condition).sample(400, { steps: 10 });
      return [0, 1].map((axis) => x.reduce((sum, v, i) => sum + (i % 2 === axis ? v / 400 : 0), 0));
    };
    const near = (found: readonly number[], expected: readonly number[]): void =>
      found.forEach((v, axis) => expect(Math.abs(v - expected[axis]!)).toBeLessThan(0.3));
    near(await meanOf({ class: [1], height: [0.7] }), [1, 0.7]);
    near(await meanOf({ class: [0] }), [-1, 0]);
    near(await meanOf({ height: [-0.7] }), [0, -0.7]);
    await run.release();
  });
});
