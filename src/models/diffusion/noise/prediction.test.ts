import { describe, expect, test } from "vitest";
import { evaluate } from "../../../graph/evaluate.ts";
import { constant, type Tensor } from "../../../graph/tensor.ts";
import { stream } from "../../../random/index.ts";
import { numbersOf } from "../../../../test/values.ts";
import { type NoiseLevel, noisy } from "./noise-level.ts";
import { type Prediction, preconditioned, predictions } from "./prediction.ts";

const all: readonly (readonly [string, Prediction])[] = [...Object.entries(predictions), ["edm", preconditioned(0.5)]];
const random = stream(0, "prediction");
const normals = (count: number, std = 1): number[] => Array.from({ length: count }, () => std * random.normal());
const [rows, size] = [4, 3];
const x = constant(normals(rows * size), [rows, size], "float64");
const n = constant(normals(rows * size), [rows, size], "float64");
const level: NoiseLevel = {
  alpha: constant([1, 0.9, 0.3, 0.05], [rows], "float64"),
  sigma: constant([0.01, 0.4, 2, 0.95], [rows], "float64"),
};
const differ = (a: Tensor, b: Tensor): number =>
  Math.max(...numbersOf(a).map((v, i) => Math.abs(v - numbersOf(b)[i]!)));

describe.each(all)("prediction %s", (name, prediction) => {
  test("x and n come back from the target and the noisy example", () => {
    const back = prediction.denoised(prediction.target(x, n, level), noisy(x, n, level), level);
    expect(differ(back.x, x)).toBeLessThan(1e-12);
    expect(differ(back.n, n)).toBeLessThan(1e-10);
  });

  test("a noisy example is alpha x + sigma n of whatever the network says", () => {
    const y = noisy(x, n, level);
    const back = prediction.denoised(constant(normals(rows * size), [rows, size], "float64"), y, level);
    expect(differ(noisy(back.x, back.n, level), y)).toBeLessThan(1e-12);
  });

  test("the scale of an observation does not matter", () => {
    const scaled = { alpha: level.alpha.mul(7), sigma: level.sigma.mul(7) };
    const [y, large] = [noisy(x, n, level), noisy(x, n, scaled)];
    expect(differ(prediction.input(y, level), prediction.input(large, scaled))).toBeLessThan(1e-12);
    expect(differ(prediction.feature(level), prediction.feature(scaled))).toBeLessThan(1e-12);
    expect(differ(prediction.target(x, n, level), prediction.target(x, n, scaled))).toBeLessThan(1e-12);
    const F = constant(normals(rows * size), [rows, size], "float64");
    const [one, other] = [prediction.denoised(F, y, level), prediction.denoised(F, large, scaled)];
    expect(differ(one.x, other.x)).toBeLessThan(1e-11);
    expect(differ(one.n, other.n)).toBeLessThan(1e-11);
  });

  test("the level that a network sees is of the order of 1", () => {
    for (const sigma of [0.002, 0.1, 1, 10, 80]) {
      const seen = numbersOf(
        prediction.feature({ alpha: constant([1], [1], "float64"), sigma: constant([sigma], [1], "float64") }),
      );
      expect(Math.abs(seen[0]!)).toBeLessThan(2);
    }
    expect(name).not.toBe("");
  });
});

test("EDM's preconditioning has inputs and targets of variance 1 at every level", () => {
  const count = 20_000;
  const sigmaData = 0.5;
  const [data, noise] = [sigmaData, 1].map((std) => constant(normals(count, std), [count, 1], "float64")) as [
    Tensor,
    Tensor,
  ];
  const prediction = preconditioned(sigmaData);
  for (const sigma of [0.002, 0.1, 0.5, 3, 80]) {
    const at = { alpha: constant(1, [], "float64"), sigma: constant(sigma, [], "float64") };
    for (const t of [prediction.input(noisy(data, noise, at), at), prediction.target(data, noise, at)]) {
      const values = evaluate([t])[0]!.data;
      const variance = values.reduce((sum, v) => sum + v * v, 0) / count;
      expect(Math.abs(variance - 1)).toBeLessThan(0.04);
    }
  }
});
