import { expect, test } from "vitest";
import { noiseValues } from "../../../../test/noise-values.ts";
import { evaluate } from "../../../graph/evaluate.ts";
import { constant, type Tensor } from "../../../graph/tensor.ts";
import { evaluation } from "../../../nn/context.ts";
import { square } from "../../../ops/arithmetic.ts";
import { stream } from "../../../random/index.ts";
import { type NoiseLevel, over } from "../noise/noise-level.ts";
import type { Denoised } from "../noise/prediction.ts";
import { variationalBound } from "./variational-bound.ts";

const STD = 0.6;
/** The ideal denoiser of N(0, STD^2), its D off by a factor. */
const denoiser =
  (factor: number) =>
  (y: Tensor, { sigma: level }: NoiseLevel): Denoised => {
    const sigma = over(y, level);
    const variance = square(sigma).add(STD ** 2);
    const x = y.mul(STD ** 2 * factor).div(variance);
    return { x, n: y.sub(x).div(sigma) };
  };

const rows = 60_000;
const random = stream(0, "variational-bound");
const x = constant(
  Array.from({ length: rows }, () => STD * random.normal()),
  [rows, 1],
);
const mean = (t: Tensor): number => evaluate([t], noiseValues([t], 1))[0]!.data.reduce((sum, v) => sum + v, 0) / rows;

test("is the entropy of Gaussian data by the ideal denoiser, and larger by a worse one", () => {
  const negElbo = (factor: number): number =>
    -mean(variationalBound(x, denoiser(factor), { context: evaluation, logVolume: 0 }).elbo);
  const entropy = 0.5 * Math.log(2 * Math.PI * Math.E * STD ** 2);
  // The standard error is 0.04.
  expect(Math.abs(negElbo(1) - entropy)).toBeLessThan(0.15);
  expect(negElbo(0.9)).toBeGreaterThan(entropy + 1);
});

test("the parts add up, in closed form where they have one", () => {
  const { elbo, distortion, rates } = variationalBound(x, denoiser(1), { context: evaluation, logVolume: Math.LN2 });
  const parts = [distortion, rates["diffusion"]!, rates["prior"]!, elbo];
  const found = evaluate(parts, noiseValues(parts, 1)).map(({ data }) => Array.from(data, Number));
  expect(found[0]![0]).toBeCloseTo(0.5 * (Math.log(2 * Math.PI * 0.002 ** 2) + 1) - Math.LN2, 5);
  const [first] = evaluate([x])[0]!.data;
  expect(found[2]![0]).toBeCloseTo(Number(first) ** 2 / (2 * 80 ** 2), 8);
  expect(found[3]![0]).toBeCloseTo(-(found[0]![0]! + found[1]![0]! + found[2]![0]!), 4);
});
