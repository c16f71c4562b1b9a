import { describe, expect, test } from "vitest";
import { initialValues, sines } from "../../../test/variable-values.ts";
import { noiseValues } from "../../../test/noise-values.ts";
import { trainBriefly } from "../../../test/train-briefly.ts";
import { dataSpec } from "../../data/spec.ts";
import { evaluate } from "../../graph/evaluate.ts";
import { constant, type Tensor } from "../../graph/tensor.ts";
import { type Likelihood, likelihood, likelihoodConfig, type LikelihoodName } from "./likelihoods.ts";
import { parameters } from "../../nn/module.ts";
import { cpuDevice } from "../../runtime/node.ts";
import type { ColumnSpec, Model } from "../model.ts";
import { z } from "zod";

const of = (name: LikelihoodName, settings: object = {}, eventRank = 3): Likelihood =>
  likelihood(
    z.strictObject(likelihoodConfig).parse({ likelihood: name, ...settings }),
    dataSpec(Array.from({ length: eventRank }, () => 1)),
  );
const numbers = (t: Tensor): number[] => [...evaluate([t], noiseValues([t], 3))[0]!.data];
const decodedFor = (p: Likelihood, channels: number, size: number, scale = 2): Tensor => {
  const shape = [1, channels * p.channelsPerChannel, size, 1];
  const t = { shape, size: channels * p.channelsPerChannel * size };
  return constant(
    sines(t, 0.4).data.map((v) => scale * v),
    shape,
  );
};

describe.each(["logistic", "logistic-mixture", "categorical"] as const)("%s", (name) => {
  test.each([2, 3, 16, 256])("of %i levels sums to one over them, for each value", (levels) => {
    const p = of(name, { levels }, 0);
    const decoded = decodedFor(p, 2, 3);
    const totals = Array.from({ length: 6 }, () => 0);
    for (let i = 0; i < levels; i++) {
      const x = constant(i / (levels - 1)).broadcastTo([1, 2, 3, 1]);
      numbers(p.of(decoded).logProb(x)).forEach((logProb, k) => (totals[k]! += Math.exp(logProb)));
    }
    // Values are separate here: eventRank is 0.
    expect(totals).toHaveLength(6);
    totals.forEach((total) => expect(total).toBeCloseTo(1, 5));
  });

  test("takes a value between two levels as the nearest", () => {
    const p = of(name, { levels: 5 });
    const decoded = decodedFor(p, 1, 1);
    const at = (x: number): number => numbers(p.of(decoded).logProb(constant([x], [1, 1, 1, 1])))[0]!;
    expect(at(0.3)).toBeCloseTo(at(0.25), 9);
    expect(at(0.4)).toBeCloseTo(at(0.5), 9);
    expect(at(-3)).toBeCloseTo(at(0), 9);
    expect(at(1.2)).toBeCloseTo(at(1), 9);
  });

  test("has as its mean the sum of levels by their probability, and samples levels with that mean", () => {
    const p = of(name, { levels: 6 });
    const decoded = decodedFor(p, 1, 1);
    const levels = Array.from({ length: 6 }, (_, i) => i / 5);
    const probabilities = levels.map((x) => Math.exp(numbers(p.of(decoded).logProb(constant([x], [1, 1, 1, 1])))[0]!));
    const mean = probabilities.reduce((sum, q, i) => sum + q * levels[i]!, 0);
    expect(numbers(p.of(decoded).mean)[0]).toBeCloseTo(mean, 6);
    const variance = probabilities.reduce((sum, q, i) => sum + q * (levels[i]! - mean) ** 2, 0);
    expect(numbers(p.of(decoded).variance)[0]).toBeCloseTo(variance, 6);
    const samples = numbers(p.of(decoded).sample([4000]));
    for (const v of samples) expect(Math.abs(v * 5 - Math.round(v * 5))).toBeLessThan(1e-5);
    const average = samples.reduce((a, b) => a + b) / samples.length;
    expect(Math.abs(average - mean)).toBeLessThan(4 * Math.sqrt(variance / samples.length));
  });
});

// log N(0.5; 0, std^2) of one value.
test.each(["gaussian", "gaussian-learned"] as const)("%s has the standard deviation that is set, at first", (name) => {
  for (const std of [0.3, 2]) {
    const p = of(name, { std });
    const root = p.of(constant(0).broadcastTo([1, 1, 1, 1])).logProb(constant(0.5).broadcastTo([1, 1, 1, 1]));
    const [found] = evaluate([root], initialValues(p));
    expect(found!.data[0]).toBeCloseTo(-0.5 * (0.25 / std ** 2 + Math.log(2 * Math.PI * std ** 2)), 6);
  }
});

test("a mixture of one logistic is a logistic", () => {
  const [mixture, single] = [of("logistic-mixture", { logistics: 1 }), of("logistic")];
  const x = constant([0, 0.2, 1], [1, 1, 3, 1]);
  const parts = constant([0.3, -0.4, 0.1, 0.5, -1, -2], [1, 2, 3, 1]);
  const weighted = constant([9, 9, 9, 0.3, -0.4, 0.1, 0.5, -1, -2], [1, 3, 3, 1]);
  expect(numbers(mixture.of(weighted).logProb(x))[0]).toBeCloseTo(numbers(single.of(parts).logProb(x))[0]!, 6);
});

describe("columns", () => {
  const columns: readonly ColumnSpec[] = [
    { name: "age", kind: "number" },
    { name: "hours", kind: "number" },
    { name: "sex", kind: "category", values: ["f", "m"] },
    { name: "pay", kind: "number" },
    { name: "job", kind: "category", values: ["a", "b", "c"] },
  ];
  const config = z.strictObject(likelihoodConfig).parse({ likelihood: "columns" });
  const p = likelihood(config, dataSpec([8], { columns }));
  // Means and logits, then log variances: those of categories are not used.
  const decoded = constant([0.5, -1, 2, 0, 0.3, 0.1, 0.2, 0.3, 0, 1, 7, 7, -2, 7, 7, 7], [1, 16]);

  test("is a normal for each number and a categorical for each class", () => {
    const x = constant([1, 1, 0, 1, -1, 0, 0, 1], [1, 8]);
    const normal = (v: number, mean: number, logVar: number): number =>
      -0.5 * ((v - mean) ** 2 / Math.exp(logVar) + logVar + Math.log(2 * Math.PI));
    const classes = (logits: readonly number[], k: number): number =>
      logits[k]! - Math.log(logits.reduce((sum, l) => sum + Math.exp(l), 0));
    const expected =
      normal(1, 0.5, 0) + normal(1, -1, 1) + classes([2, 0], 1) + normal(-1, 0.3, -2) + classes([0.1, 0.2, 0.3], 2);
    expect(p.channelsPerChannel).toBe(2);
    expect(numbers(p.of(decoded).logProb(x))[0]).toBeCloseTo(expected, 5);
  });

  test("samples rows of one class each", () => {
    const row = numbers(p.of(decoded).sample());
    const ones = (from: number, to: number): unknown => row.slice(from, to).filter((v) => v !== 0);
    expect(ones(2, 4)).toEqual([1]);
    expect(ones(5, 8)).toEqual([1]);
    expect(row[0]).not.toBe(0.5);
  });

  test("has no density without bound where a number has few values", () => {
    const narrow = constant([1, -1, 2, 0, 0.3, 0.1, 0.2, 0.3, -100, 0, 0, 0, 0, 0, 0, 0], [1, 16]);
    const x = constant([1, -1, 0, 1, 0.3, 0, 0, 1], [1, 8]);
    const found = numbers(p.of(narrow).logProb(x))[0]!;
    const wide = numbers(
      p.of(constant([1, -1, 2, 0, 0.3, 0.1, 0.2, 0.3, ...Array(8).fill(0)], [1, 16])).logProb(x),
    )[0]!;
    expect(found - wide).toBeCloseTo(4.5, 5);
  });

  test("is refused for data that is no table", () => {
    expect(() => likelihood(config, dataSpec([1, 28, 28]))).toThrow("likelihood: columns needs a table, got");
  });
});

test("the learned variance is the residual's after a few hundred steps of Adam, from far above it", async () => {
  // Photographs leave 0.03 around a reconstruction; the preset starts at 0.25: 4.2 in the log variance.
  const p = of("gaussian-learned", { std: 0.25 }, 1);
  const x = Float32Array.from({ length: 400 }, (_, i) => 0.03 * Math.SQRT2 * Math.sin(i));
  const model: Model = {
    objectives: ({ x: examples }) => [
      {
        name: "loss",
        loss: p.of(constant(0).broadcastTo(examples.shape)).logProb(examples).neg().mean(),
        parameters: parameters(p),
        metrics: {},
      },
    ],
  };
  const options = { device: await cpuDevice(1), x, shape: [4], steps: 700, learningRate: 2e-3 };
  const learned = await trainBriefly(Object.assign(model, { p }), options);
  const [scaled] = [...learned.values()];
  const residual = x.reduce((sum, v) => sum + v * v, 0) / x.length;
  expect(Math.exp(10 * scaled!.data[0]!) / residual).toBeCloseTo(1, 2);
});
