import { describe, expect, test } from "vitest";
import { noiseValues } from "../../../test/noise-values.ts";
import { objectivesOf } from "../../../test/objectives-of.ts";
import { samplesOf } from "../../../test/samples-of.ts";
import { numbersOf } from "../../../test/values.ts";
import { initialValues, sines } from "../../../test/variable-values.ts";
import { dataSpec } from "../../data/spec.ts";
import { ConfigError } from "../../errors.ts";
import { evaluate } from "../../graph/evaluate.ts";
import { constant, Input, type Tensor } from "../../graph/tensor.ts";
import type { Value } from "../../graph/value.ts";
import { evaluation } from "../../nn/context.ts";
import { stream } from "../../random/index.ts";
import { type KernelName, kernelNames, mmd } from "../parts/mmd.ts";
import { wae } from "./wae.ts";

const rows = (n: number, d: number, seed: number, shift = 0): Tensor => {
  const random = stream(seed, "codes");
  return constant(
    Array.from({ length: n * d }, () => random.normal() + shift),
    [n, d],
    "float64",
  );
};

describe.each(kernelNames)("mmd, %s", (kernel) => {
  test("is the U-statistic over all pairs (Gretton et al. 2012, lemma 6)", () => {
    const [n, d] = [5, 3];
    const [x, y] = [rows(n, d, 1), rows(n, d, 2)];
    const of = (t: Tensor, i: number): number[] => numbersOf(t).slice(i * d, (i + 1) * d);
    const k = (a: number[], b: number[]): number => {
      const squared = a.reduce((s, v, i) => s + (v - b[i]!) ** 2, 0);
      const width = (scale: number): number => 2 * d * scale;
      return [0.1, 0.2, 0.5, 1, 2, 5, 10]
        .map((s) => (kernel === "imq" ? width(s) / (width(s) + squared) : Math.exp(-squared / width(s))))
        .reduce((a_, b_) => a_ + b_);
    };
    let expected = 0;
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++) {
        if (i !== j) expected += (k(of(x, i), of(x, j)) + k(of(y, i), of(y, j))) / (n * (n - 1));
        expected -= (2 * k(of(x, i), of(y, j))) / (n * n);
      }
    expect(numbersOf(mmd(x, y, kernel))[0]).toBeCloseTo(expected, 10);
  });

  test("is 0 in expectation for samples of one distribution, and rises with the distance of two", () => {
    const values = Array.from(
      { length: 200 },
      (_, i) => numbersOf(mmd(rows(20, 2, 2 * i), rows(20, 2, 2 * i + 1), kernel))[0]!,
    );
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    const deviation = Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length);
    expect(Math.abs(mean)).toBeLessThan((4 * deviation) / Math.sqrt(values.length));
    const shifted = [0.5, 1, 2].map((shift) => numbersOf(mmd(rows(100, 2, 1, shift), rows(100, 2, 2), kernel))[0]!);
    expect(shifted[0]).toBeGreaterThan(4 * deviation * (20 / 100));
    expect(shifted.toSorted((a, b) => a - b)).toEqual(shifted);
  });
});

const build = (settings: object = {}) =>
  wae.build(wae.config.parse({ hiddenDims: [5], latentDim: 2, ...settings }), dataSpec([1, 3, 3]));
const examples = (count: number): Input => new Input("x", [count, 1, 3, 3]);

test.each<KernelName>(kernelNames)("the loss is reconstruction + lambda mmd, %s", (kernel) => {
  const model = build({ kernel, lambda: 3 });
  const x = examples(6);
  const { loss, metrics } = objectivesOf(model, x)[0]!;
  const roots = [loss, metrics["reconstruction"]!, metrics["mmd"]!];
  const leaves = new Map([...initialValues(model), [x, sines(x, 0.3)] as const, ...noiseValues(roots, 4)]);
  const [l, r, m] = evaluate(roots, leaves).map(({ data }) => data[0]!) as [number, number, number];
  expect(l).toBeCloseTo(r + 3 * m, 10);

  const metricsOfEach = model.validation!(x, evaluation);
  expect(Object.keys(metricsOfEach)).toEqual(["loss", "reconstruction", "mmd", "mse"]);
  const [each, distances, penalties] = evaluate(
    [metricsOfEach["loss"]!, metricsOfEach["reconstruction"]!, metricsOfEach["mmd"]!],
    new Map([...leaves, ...noiseValues([metricsOfEach["loss"]!], 4)]),
  ) as [Value, Value, Value];
  each.data.forEach((v, i) => expect(v).toBeCloseTo(distances.data[i]! + 3 * penalties.data[i]!, 10));
});

test("samples are decoded samples of N(0, I), nearer to one another at a lower temperature", () => {
  const model = build();
  const scale = (temperature: number): number => {
    const samples = samplesOf(model, 50, { temperature, mean: true });
    expect(samples.shape).toEqual([50, 1, 3, 3]);
    const [{ data }] = evaluate([samples], new Map([...initialValues(model), ...noiseValues([samples], 1)])) as [Value];
    const mean = data.reduce((a, b) => a + b, 0) / data.length;
    return data.reduce((a, b) => a + (b - mean) ** 2, 0);
  };
  expect(scale(0.5)).toBeLessThan(scale(1));
});

test("a batch of one example is refused in one line", () => {
  expect(() => objectivesOf(build(), examples(1))).toThrow(ConfigError);
});
