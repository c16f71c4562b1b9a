import { beforeAll, describe, expect, test } from "vitest";
import { createDataset } from "../data/dataset.ts";
import { type Split, whole } from "../data/split.ts";
import { type Independent, independent } from "../distributions/independent.ts";
import { Normal } from "../distributions/normal.ts";
import { ConfigError, UnsupportedOpError } from "../errors.ts";
import { constant, type Tensor } from "../graph/tensor.ts";
import type { Latent } from "../models/latent.ts";
import type { FieldSpec, Model } from "../models/model.ts";
import type { Context } from "../nn/context.ts";
import { cast, reshape, sum } from "../ops/index.ts";
import type { Device } from "../runtime/device.ts";
import { cpuDevice } from "../runtime/node.ts";
import { createVariables } from "../runtime/variables.ts";
import { TrainedModel } from "./trained-model.ts";

/** More examples than one run of a graph takes, in no round number of them: x_i = i / 599 for i below 600. */
const examples = 600;
const classes = ["a", "b", "c"];
let cpu: Device;
let split: Split;
beforeAll(async () => {
  cpu = await cpuDevice(1);
  const values = Float32Array.from({ length: examples }, (_, i) => i);
  const labels = Uint8Array.from({ length: examples }, (_, i) => i % 3);
  const parts = { name: "ramp", description: "", shape: [1], size: examples, values, labels } as const;
  const pair = Float32Array.from({ length: 2 * examples }, (_, i) => i / 8);
  const fields = { pair: { kind: "numbers", shape: [2], values: pair } } as const;
  split = whole(await createDataset({ ...parts, range: [0, examples - 1], classNames: classes, fields }));
});

const trained = (model: Omit<Model, "objectives">): TrainedModel =>
  new TrainedModel({ objectives: () => [], ...model }, { store: createVariables(cpu, []), shape: [1] });
const std = 0.25;
const latent: Latent = { name: "z", shape: [1], dtype: "float32" };
const standard = (count: number): Independent<Normal> =>
  independent(new Normal(constant(0).broadcastTo([count, 1]), 1), 1);
const withPrior: Latent = { ...latent, prior: (_, count) => standard(count), standardNormal: true };
/** q(z|x) = N(3 x, std^2). */
const encode = (x: Tensor) => ({ z: independent(new Normal(x.mul(3), std), 1) });
/** p(x|z) = N(2 z + 1, std^2). */
const decode = (codes: Readonly<Record<string, Tensor>>) => independent(new Normal(codes["z"]!.mul(2).add(1), std), 1);
const coder = (): TrainedModel => trained({ latents: [latent], encode });
const generator = (): TrainedModel => trained({ latents: [withPrior], encode, decode });

describe("codes", () => {
  test("are the posterior's means and one sample of it for each example", async () => {
    const { means, samples } = await coder().codes(split);
    expect([means.length, samples.length]).toEqual([examples, examples]);
    means.forEach((mean, i) => expect(mean).toBeCloseTo((3 * i) / (examples - 1), 5));
    const errors = samples.map((z, i) => (z - means[i]!) / std);
    const moment = (power: number): number => errors.reduce((total, e) => total + e ** power, 0) / examples;
    // Standard errors: 0.04 of the mean, 0.06 of the variance.
    expect(Math.abs(moment(1))).toBeLessThan(0.17);
    expect(Math.abs(moment(2) - 1)).toBeLessThan(0.25);
    expect((await coder().codes(split)).samples).toEqual(samples);
    expect((await coder().codes(split, { seed: 1 })).samples).not.toEqual(samples);
  });

  test("have rates where the prior has them: KL(N(m, s^2) || N(0, 1)) = (s^2 + m^2 - 1) / 2 - log s", async () => {
    const { means, rates } = await trained({ encode, latents: [withPrior] }).codes(split);
    means.forEach((m, i) => expect(rates![i]).toBeCloseTo((std ** 2 + m ** 2 - 1) / 2 - Math.log(std), 4));
    expect(await coder().codes(split)).not.toHaveProperty("rates");
  });

  test("a model that cannot encode says so", async () => {
    await expect(trained({ latents: [latent] }).codes(split)).rejects.toThrow(UnsupportedOpError);
    await expect(trained({}).codes(split)).rejects.toThrow(/one vector of latent dimensions/);
    const integers: Latent = { ...latent, dtype: "int64" };
    await expect(trained({ encode, latents: [integers] }).codes(split)).rejects.toThrow(UnsupportedOpError);
  });
});

describe("samples", () => {
  test("have the noise of p(x|z): z ~ N(0, 1), x ~ N(2 z + 1, std^2) has mean 1 and variance 4 + std^2", async () => {
    const model = generator();
    const samples = await model.sample(20_000, { seed: 3 });
    const [mean, variance] = moments(samples);
    // Standard errors: 0.014 of the mean, 0.04 of the variance.
    expect(Math.abs(mean - 1)).toBeLessThan(0.05);
    expect(Math.abs(variance - 4 - std ** 2)).toBeLessThan(0.14);
    expect((await model.sample(64, { seed: 3 })).slice(0, 9)).toEqual(samples.slice(0, 9));
    await expect(coder().sample(1)).rejects.toThrow(/has no p\(z\) to sample from, got none/);
    await expect(coder().sample(1)).rejects.toThrow(UnsupportedOpError);
  });

  test("of means are decoded codes of the prior, whose standard deviation is times the temperature", async () => {
    const model = generator();
    const means = await model.sample(2000, { seed: 3, mean: true });
    const codes = await model.samplePrior(2000, { seed: 3 });
    expect(await model.decode(codes)).toEqual(means);
    // Standard error of the variance: 0.13.
    expect(Math.abs(moments(means)[1] - 4)).toBeLessThan(0.5);
    expect(Math.abs(moments(codes)[1] - 1)).toBeLessThan(0.13);
    const cold = await model.sample(2000, { seed: 3, mean: true, temperature: 0.5 });
    cold.forEach((x, i) => expect(x - 1).toBeCloseTo((means[i]! - 1) / 2, 5));
  });

  test("are as many as are asked for, and the i-th does not depend on how many", async () => {
    const model = generator();
    const all = await model.sample(130, { seed: 1 });
    for (const count of [1, 63, 64, 65, 130])
      expect(await model.sample(count, { seed: 1 })).toEqual(all.slice(0, count));
  });

  test.each([
    [
      "an option of no sampler",
      { heat: 2 },
      /^sample: heat: unknown setting, got "heat", expected one of temperature, mean[^\n]*$/,
    ],
    [
      "a temperature below 0",
      { temperature: -1 },
      /^sample: temperature: not a value it takes, got -1, expected a number from 0 to 100$/,
    ],
    [
      "a temperature that is no number",
      { temperature: "hot" },
      /^sample: temperature: not a value it takes, got "hot", expected a number from 0 to 100$/,
    ],
  ])("%s is refused in one line", async (_, options, message) => {
    await expect(generator().sample(1, options)).rejects.toThrow(ConfigError);
    await expect(generator().sample(1, options)).rejects.toThrow(message);
  });
});

describe("a second call compiles nothing", () => {
  const x = Float32Array.of(0.25, 0.5);
  const calls: readonly (readonly [name: string, (model: TrainedModel, again: boolean) => Promise<unknown>])[] = [
    ["sample", (model, again) => model.sample(again ? 70 : 3, { seed: Number(again), temperature: again ? 0.5 : 1 })],
    ["samplePrior", (model, again) => model.samplePrior(again ? 70 : 3)],
    ["encode", (model, again) => model.encode(again ? x : x.slice(0, 1))],
    ["decode", (model, again) => model.decode(again ? x : x.slice(0, 1))],
    ["codes", (model, again) => model.codes(split, { seed: Number(again) })],
  ];

  test.each(calls)("%s", async (_, call) => {
    const model = generator();
    await call(model, false);
    expect(model.compiledCount).toBe(1);
    await call(model, true);
    expect(model.compiledCount).toBe(1);
    await model.release();
    expect(model.compiledCount).toBe(0);
  });

  test("of the same fields, whatever the condition", async () => {
    const model = conditional();
    const first = await model.given({ class: [1], pair: [0, 0] }).encode(Float32Array.of(0));
    const { compiledCount } = model;
    const second = await model.given({ class: [2], pair: [4, 1] }).encode(Float32Array.of(0));
    expect(model.compiledCount).toBe(compiledCount);
    expect([first[0], second[0]]).toEqual([1, 7]);
  });
});

const pair: FieldSpec = { name: "pair", kind: "numbers", shape: [2] };
const label: FieldSpec = { name: "class", kind: "class", classes };

/** What the model sees of a condition: the class, and the sum of the pair, or whichever of them it takes. */
const known = ({ condition }: Context): Tensor =>
  ["class", "pair"]
    .flatMap((name) => condition?.[name] ?? [])
    .map((t) => (t.dtype === "int64" ? reshape(cast(t, "float32"), [-1, 1]) : sum(t, 1, true)))
    .reduce((a, b) => a.add(b));

/** A code that is the condition. */
const conditional = (fields: readonly FieldSpec[] = [label, pair], required = true): TrainedModel =>
  trained({
    condition: { fields, required },
    latents: [withPrior],
    encode: (x, context) => ({ z: independent(new Normal(x.mul(0).add(known(context)), 1), 1) }),
    decode: ({ z }, context) => independent(new Normal(z!.mul(0).add(known(context)), std), 1),
  });

/** Examples of 2 x 3 values, codes of two latents: 2 numbers each, and 3. */
const shaped = (): TrainedModel => {
  const prior = (size: number) => (_: unknown, count: number) =>
    independent(new Normal(constant(0).broadcastTo([count, size]), 1), 1);
  const model: Model = {
    objectives: () => [],
    latents: [
      { name: "top", shape: [2], dtype: "float32", prior: prior(2) },
      { name: "bottom", shape: [3], dtype: "float32", prior: prior(3) },
    ],
    code: "bottom",
    encode: (x) => ({
      top: independent(new Normal(reshape(x, [-1, 3, 2]).sum(1), std), 1),
      bottom: independent(new Normal(x.sum(1), std), 1),
    }),
    decode: ({ bottom }) =>
      independent(new Normal(reshape(bottom!, [-1, 1, 3]).broadcastTo([bottom!.shape[0]!, 2, 3]), std), 2),
    reconstruct: (x) => x,
    corrupt: (x) => x,
  };
  return new TrainedModel(model, { store: createVariables(cpu, []), shape: [2, 3] });
};

describe("arrays that do not fit are refused in one line", () => {
  const zeros = (size: number): Float32Array => new Float32Array(size);
  const count = (where: string, got: unknown) =>
    `${where}: not a count, got ${String(got)}, expected a positive integer`;
  const rows = (where: string, got: number) =>
    `${where}: x is no whole number of examples, got ${got} values, expected a multiple of 6: [count, 2, 3]`;
  test.each<readonly [call: string, f: (model: TrainedModel) => unknown, message: string]>([
    ["encode(5)", (model) => model.encode(zeros(5)), rows("encode", 5)],
    ["encode(7)", (model) => model.encode(zeros(7)), rows("encode", 7)],
    ["reconstruct(7)", (model) => model.reconstruct(zeros(7)), rows("reconstruct", 7)],
    ["corrupt(7)", (model) => model.corrupt(zeros(7)), rows("corrupt", 7)],
    [
      "decode(5)",
      (model) => model.decode(zeros(5)),
      "decode: z is no whole number of codes, got 5 values, expected a multiple of 3: [count, 3]",
    ],
    ["sample(1.5)", (model) => model.sample(1.5), count("sample", 1.5)],
    ["sample(NaN)", (model) => model.sample(NaN), count("sample", NaN)],
    ["sample(-1)", (model) => model.sample(-1), count("sample", -1)],
    ["sample(0)", (model) => model.sample(0), count("sample", 0)],
    ["samplePrior(0.5)", (model) => model.samplePrior(0.5), count("samplePrior", 0.5)],
    [
      "decodeLatents of none",
      (model) => model.decodeLatents({}),
      "decodeLatents: no codes, got none, expected those of top or bottom",
    ],
    [
      "decodeLatents of another name",
      (model) => model.decodeLatents({ botom: zeros(3) }),
      'decodeLatents: unknown latent, got "botom", expected one of top, bottom; did you mean bottom?',
    ],
    [
      "decodeLatents of a code and a third",
      (model) => model.decodeLatents({ bottom: zeros(4) }),
      "decodeLatents: bottom is no whole number of codes, got 4 values, expected a multiple of 3: [count, 3]",
    ],
    [
      "decodeLatents of different counts",
      (model) => model.decodeLatents({ top: zeros(4), bottom: zeros(9) }),
      "decodeLatents: latents differ in number, got 2 of top and 3 of bottom, expected as many of each",
    ],
  ])("%s", async (_, f, message) => {
    const error: unknown = await Promise.resolve(shaped())
      .then(f)
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as ConfigError).message).toBe(message);
    const { where, got, expected } = error as ConfigError;
    expect(message.startsWith(`${where}: `) && message.endsWith(`, got ${got}, expected ${expected}`)).toBe(true);
  });

  test("those that fit are not", async () => {
    const model = shaped();
    expect([...(await model.encode(Float32Array.of(1, 2, 3, 4, 5, 6)))]).toEqual([5, 7, 9]);
    expect([...(await model.decode(Float32Array.of(1, 2, 3)))]).toEqual([1, 2, 3, 1, 2, 3]);
    expect((await model.decodeLatents({ top: zeros(4), bottom: zeros(6) })).length).toBe(12);
    expect((await model.encode(zeros(0))).length).toBe(0);
  });
});

describe("a conditional model", () => {
  test("is given each example's own label where a split has them", async () => {
    const { means } = await conditional([label]).codes(split);
    means.forEach((mean, i) => expect(mean).toBe(i % 3));
    // Also where the model is about to make examples of one label.
    expect(
      (
        await conditional([label])
          .given({ class: [2] })
          .codes(split)
      ).means,
    ).toEqual(means);
  });

  test("is given each example's own numbers, alone and beside its label", async () => {
    const sums = Float32Array.from({ length: examples }, (_, i) => (4 * i + 1) / 8);
    expect((await conditional([pair]).codes(split)).means).toEqual(sums);
    expect((await conditional().codes(split)).means).toEqual(sums.map((s, i) => s + (i % 3)));
  });

  test("takes rows in turn: row i has the i-th of each field, and the first follows the last", async () => {
    const given = conditional().given({ class: [0, 1, 2], pair: [10, 20, 100, 200] });
    const x = new Float32Array(130);
    const expected = Float32Array.from(x, (_, i) => (i % 3) + [30, 300][i % 2]!);
    expect(await given.encode(x)).toEqual(expected);
    expect(await given.sample(130, { mean: true })).toEqual(expected);
    expect(await given.decode(x)).toEqual(expected);
  });

  test.each<readonly [string, readonly FieldSpec[], Readonly<Record<string, readonly number[]>>, RegExp]>([
    ["a field it does not take", [label], { tone: [1] }, /^condition: .*, got tone, expected class$/],
    ["a class out of range", [label], { class: [3] }, /^class: not a class of the model, got 3, expected 0 to 2$/],
    ["a class below 0", [label], { class: [-2] }, /^class: not a class of the model, got -2, expected 0 to 2$/],
    ["half a class", [label], { class: [0.5] }, /^class: not a class of the model, got 0.5, expected 0 to 2$/],
    ["no class", [label], { class: [] }, /^class: not a class of the model, got none, expected 0 to 2$/],
    ["no class where one is needed", [label], { class: [-1] }, /^class: not a class .*, got -1, expected 0 to 2$/],
    ["numbers of another shape", [pair], { pair: [1, 2, 3] }, /^pair: values .*, got 3, expected a multiple of 2: /],
    ["numbers that are not", [pair], { pair: [1, NaN] }, /^pair: a value is not finite, got NaN.*, expected numbers$/],
  ])("refuses %s in one line", (_, fields, condition, message) => {
    expect(() => conditional(fields).given(condition)).toThrow(message);
  });

  test.each<readonly [string, Readonly<Record<string, readonly number[]>>, RegExp]>([
    [
      "nothing",
      {},
      /^model: it is of p\(x \| class, pair\), got no class to \w+ with, expected a class from 0 to 2, by --label or given\(\)$/,
    ],
    [
      "one field of two",
      { class: [1] },
      /^model: it is of p\(x \| class, pair\), got no pair to \w+ with, expected numbers of shape \[2\], by --condition or given\(\)$/,
    ],
  ])("refuses to be given %s where it is of p(x | condition) only", async (_, condition, message) => {
    const given = conditional().given(condition);
    const x = new Float32Array(1);
    for (const call of [() => given.sample(1), () => given.encode(x), () => given.decode(x)]) {
      const error: unknown = await Promise.resolve()
        .then(call)
        .catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(UnsupportedOpError);
      expect((error as Error).message).toMatch(message);
    }
  });

  test("takes -1 for no class, or nothing at all, where the condition is optional", async () => {
    const free = trained({
      condition: { fields: [label], required: false },
      latents: [withPrior],
      encode: (x, context) => ({
        z: independent(new Normal(x.mul(0).add(context.condition ? known(context) : constant(7)), 1), 1),
      }),
    });
    const x = new Float32Array(2);
    expect(await free.given({ class: [-1, 2] }).encode(x)).toEqual(Float32Array.of(-1, 2));
    expect(await free.encode(x)).toEqual(Float32Array.of(7, 7));
  });

  test("an unconditional model takes no condition", () => {
    expect(() => coder().given({ class: [1] })).toThrow(UnsupportedOpError);
    expect(() => coder().given({ class: [1] })).toThrow(
      /^condition: .*, got class, expected none: it is unconditional$/,
    );
  });
});

/** Mean and variance. */
function moments(values: Float32Array): readonly [mean: number, variance: number] {
  const mean = values.reduce((total, x) => total + x, 0) / values.length;
  return [mean, values.reduce((total, x) => total + (x - mean) ** 2, 0) / values.length];
}
