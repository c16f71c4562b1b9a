import { beforeAll, expect, test } from "vitest";
import { createDataset } from "../data/dataset.ts";
import { type Split, whole } from "../data/split.ts";
import { independent } from "../distributions/independent.ts";
import { Normal } from "../distributions/normal.ts";
import { UnsupportedOpError } from "../errors.ts";
import { constant } from "../graph/tensor.ts";
import type { Model } from "../models/model.ts";
import { cast, reshape } from "../ops/index.ts";
import type { Device } from "../runtime/device.ts";
import { cpuDevice } from "../runtime/node.ts";
import { createVariables } from "../runtime/variables.ts";
import { TrainedModel } from "./trained-model.ts";

/** More examples than one run of a graph takes, in no round number of them: x_i = i / 599 for i below 600. */
const examples = 600;
let cpu: Device;
let split: Split;
beforeAll(async () => {
  cpu = await cpuDevice(1);
  const values = Float32Array.from({ length: examples }, (_, i) => i);
  const labels = Uint8Array.from({ length: examples }, (_, i) => i % 3);
  const parts = { name: "ramp", description: "", shape: [1], size: examples, values, labels } as const;
  split = whole(await createDataset({ ...parts, range: [0, examples - 1], classNames: ["a", "b", "c"] }));
});

const trained = (model: Omit<Model, "objectives">): TrainedModel =>
  new TrainedModel({ objectives: () => [], ...model }, { store: createVariables(cpu, []), shape: [1] });
const std = 0.25;
/** q(z|x) = N(3 x, std^2). */
const coder = (): TrainedModel =>
  trained({ latents: { shape: [1] }, encode: (x) => independent(new Normal(x.mul(3), std), 1) });

test("codes are the posterior's means and one draw of it for each example", async () => {
  const { means, draws } = await coder().codes(split);
  expect([means.length, draws.length]).toEqual([examples, examples]);
  means.forEach((mean, i) => expect(mean).toBeCloseTo((3 * i) / (examples - 1), 5));
  const errors = draws.map((z, i) => (z - means[i]!) / std);
  const moment = (power: number): number => errors.reduce((sum, e) => sum + e ** power, 0) / examples;
  // Standard errors: 0.04 of the mean, 0.06 of the variance.
  expect(Math.abs(moment(1))).toBeLessThan(0.17);
  expect(Math.abs(moment(2) - 1)).toBeLessThan(0.25);
  expect((await coder().codes(split)).draws).toEqual(draws);
  expect((await coder().codes(split, { seed: 1 })).draws).not.toEqual(draws);
});

test("codes have rates where the prior has them: KL(N(m, s^2) || N(0, 1)) = (s^2 + m^2 - 1) / 2 - log s", async () => {
  const prior = (count: number) => independent(new Normal(constant(0).broadcastTo([count, 1]), 1), 1);
  const { model } = coder();
  const { means, rates } = await trained({ encode: (x) => model.encode!(x), latents: { shape: [1], prior } }).codes(
    split,
  );
  means.forEach((m, i) => expect(rates![i]).toBeCloseTo((std ** 2 + m ** 2 - 1) / 2 - Math.log(std), 4));
  expect(await coder().codes(split)).not.toHaveProperty("rates");
});

test("draws have the noise of p(x|z): z ~ N(0, 1), x ~ N(2 z + 1, std^2) has mean 1 and variance 4 + std^2", async () => {
  const model = trained({
    latents: { shape: [1], prior: (count) => independent(new Normal(constant(0).broadcastTo([count, 1]), 1), 1) },
    decode: (z) => independent(new Normal(z.mul(2).add(1), std), 1),
  });
  const draws = await model.draw(20_000, { seed: 3 });
  const mean = draws.reduce((sum, x) => sum + x, 0) / draws.length;
  const variance = draws.reduce((sum, x) => sum + (x - mean) ** 2, 0) / draws.length;
  // Standard errors: 0.014 of the mean, 0.04 of the variance.
  expect(Math.abs(mean - 1)).toBeLessThan(0.05);
  expect(Math.abs(variance - 4 - std ** 2)).toBeLessThan(0.14);
  expect((await model.draw(64, { seed: 3 })).slice(0, 9)).toEqual(draws.slice(0, 9));
  expect(() => coder().draw(1)).toThrow("without p(z) and p(x|z)");
});

test("codes of a model that learns from labels are given each example's own", async () => {
  const model: Omit<Model, "objectives"> = {
    classes: 3,
    latents: { shape: [1] },
    given: (label) => ({
      objectives: () => [],
      encode: (x) => independent(new Normal(x.mul(0).add(reshape(cast(label, "float32"), [-1, 1])), 1), 1),
    }),
  };
  const { means } = await trained(model).codes(split);
  means.forEach((mean, i) => expect(mean).toBe(i % 3));
  // Also where the model is about to make examples of one label.
  expect((await trained(model).given([2]).codes(split)).means).toEqual(means);
});

test("a model that cannot encode says so", async () => {
  await expect(trained({ latents: { shape: [1] } }).codes(split)).rejects.toThrow(UnsupportedOpError);
  await expect(trained({}).codes(split)).rejects.toThrow(/one list of latent numbers/);
});
