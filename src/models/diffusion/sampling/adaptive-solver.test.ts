import { describe, expect, test } from "vitest";
import { evaluate } from "../../../graph/evaluate.ts";
import { constant, Noise, type Tensor } from "../../../graph/tensor.ts";
import { topologicalOrder } from "../../../graph/traverse.ts";
import { value } from "../../../graph/value.ts";
import { evaluation } from "../../../nn/context.ts";
import { square } from "../../../ops/arithmetic.ts";
import { tanh } from "../../../ops/elementwise.ts";
import type { Codes } from "../../latent.ts";
import { HIGHEST, LOWEST } from "../likelihood/probability-flow.ts";
import { type NoiseLevel, over } from "../noise/noise-level.ts";
import { adaptiveSolver } from "./adaptive-solver.ts";

/** Data of N(MEAN, STD^2), or of two clusters of this deviation at -1 and 1. */
const [MEAN, STD] = [0.7, 0.4];
const denoisers = {
  gaussian: (y: Tensor, sigma: Tensor) =>
    y
      .sub(MEAN)
      .mul(STD ** 2)
      .div(square(sigma).add(STD ** 2))
      .add(MEAN),
  clusters: (y: Tensor, sigma: Tensor) => {
    const variance = square(sigma).add(STD ** 2);
    return y
      .mul(STD ** 2)
      .add(square(sigma).mul(tanh(y.div(variance))))
      .div(variance);
  },
};

/** Samples that start from these numbers times the highest noise, one a row, with the evaluations and steps they took. */
function sampled(name: keyof typeof denoisers, from: readonly number[], tolerance: number) {
  let calls = 0;
  const denoise = (y: Tensor, level: NoiseLevel) => {
    calls++;
    const x = denoisers[name](y, over(y, level.sigma));
    return { x, n: y.sub(x).div(over(y, level.sigma)) };
  };
  const solver = adaptiveSolver({ shape: [1], denoise, finish: (x) => x });
  const given = {
    temperature: constant(1),
    tolerance: constant(tolerance),
    guidanceFrom: constant(0),
    guidanceTo: constant(1e6),
  };
  const held = (codes: Codes): Codes => {
    const leaves = new Map<Tensor, ReturnType<typeof value>>(
      topologicalOrder(Object.values(codes))
        .filter((t) => t instanceof Noise)
        .map((t) => [t, value("float32", t.shape, Float64Array.from(from))]),
    );
    const found = evaluate(Object.values(codes), leaves);
    return Object.fromEntries(
      Object.keys(codes).map((key, i) => [key, constant(Array.from(found[i]!.data, Number), found[i]!.shape)]),
    );
  };
  const numbers = (t: Tensor): number[] => Array.from(evaluate([t])[0]!.data, Number);
  let state = held(solver.start(from.length, given, evaluation));
  let steps = 0;
  while (numbers(solver.pending(state)!).some((left) => left !== 0)) {
    if (++steps > 1000) throw new Error("the solver does not arrive");
    state = held(solver.step(state, {}, given, evaluation));
  }
  const last = calls;
  const samples = numbers(solver.finish(state, given, evaluation));
  expect(calls).toBe(last);
  return { samples, evaluations: numbers(solver.report(state)["evaluations"]!), steps, calls };
}

/** Along the flow of Gaussian data (y - MEAN) / sqrt(STD^2 + sigma^2) stays as it is; then D. */
const exact = (z: number): number => {
  const y = MEAN + (Math.hypot(STD, LOWEST) / Math.hypot(STD, HIGHEST)) * (HIGHEST * z - MEAN);
  return MEAN + (STD ** 2 / (STD ** 2 + LOWEST ** 2)) * (y - MEAN);
};

describe("the adaptive solver", () => {
  const tolerances = [1e-2, 1e-3, 1e-4, 1e-5];
  const errorOf = (tolerance: number): number =>
    Math.abs(sampled("gaussian", [1.3], tolerance).samples[0]! - exact(1.3));

  test("has an error that falls with the tolerance, by steps as many as the inverse of its cube root", () => {
    const errors = tolerances.map(errorOf);
    errors.forEach((error, i) => expect(error).toBeLessThan(30 * tolerances[i]!));
    for (let i = 1; i < errors.length; i++) expect(errors[i]!).toBeLessThan(errors[i - 1]! / 3);
    const [coarse, fine] = [1e-3, 1e-6].map((tolerance) => sampled("gaussian", [1.3], tolerance).steps) as [
      number,
      number,
    ];
    expect(fine / coarse).toBeGreaterThan(5);
    expect(fine / coarse).toBeLessThan(15);
  });

  test("reports what it evaluated: three times a step, once before the first", () => {
    const { evaluations, steps, calls } = sampled("clusters", [0.4], 1e-3);
    expect(evaluations).toEqual([1 + 3 * steps]);
    expect(calls).toBe(evaluations[0]);
  });

  test("gives each example steps of its own, so that it is what it would be alone", () => {
    // Near the border of two clusters the way is harder than far from it.
    const from = [0.003, -2.2, 0.9];
    const together = sampled("clusters", from, 1e-4);
    for (const [i, z] of from.entries()) {
      const alone = sampled("clusters", [z], 1e-4);
      expect(together.samples[i]).toBe(alone.samples[0]);
      expect(together.evaluations[i]).toBe(alone.evaluations[0]);
    }
    expect(new Set(together.evaluations).size).toBeGreaterThan(1);
  });
});
