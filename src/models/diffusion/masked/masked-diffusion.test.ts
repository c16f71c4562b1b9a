import { describe, expect, test } from "vitest";
import {
  binaryChains,
  binarySequence,
  chainEntropy,
  chainProbability,
  frequencies,
  totalVariation,
} from "../../../../test/binary-chains.ts";
import { noiseValues } from "../../../../test/noise-values.ts";
import { dataSpec } from "../../../data/spec.ts";
import { editExamples } from "../../../evaluation/samples/editing.ts";
import { mapSplit } from "../../../evaluation/map-split.ts";
import { evaluate } from "../../../graph/evaluate.ts";
import { constant, Input, type Tensor } from "../../../graph/tensor.ts";
import type { Value } from "../../../graph/value.ts";
import { evaluation } from "../../../nn/context.ts";
import { train } from "../../../node/index.ts";
import { and, cast, equal, or, where } from "../../../ops/comparison.ts";
import { slice, stack } from "../../../ops/movement.ts";
import { logSumExp } from "../../../ops/reduction.ts";
import { maskedBound } from "./masked-bound.ts";
import { maskedDiffusion } from "./masked-diffusion.ts";
import { maskedCounts, type UnmaskingOptions, unmaskingSampler } from "./unmasking.ts";

const length = 3;
const K = 2;
const every = Array.from({ length: K ** length }, (_, i) => binarySequence(i, length));
/** A joint distribution with dependences of all orders. */
const joint = every.map(([a, b, c]) => Math.exp(1.2 * a! * b! - 0.8 * b! * c! + 1.5 * a! * b! * c! - 0.4 * (a! + c!)));
const total = joint.reduce((sum, p) => sum + p, 0);
const probabilities = joint.map((p) => p / total);

/** Its exact conditionals, log p(x_i | tokens that are not masked) + a constant, in place of a network: [rows, length, K]. */
function conditionals(tokens: Tensor): Tensor {
  const ofAll = (of: (sequence: readonly number[]) => number): number[] => every.map(of);
  const consistent = Array.from({ length }, (_, j) => {
    const token = slice(tokens, 1, j, j + 1);
    const symbol = constant(
      ofAll((s) => s[j]!),
      [every.length],
      "int64",
    );
    return or(equal(token, constant(K, [], "int64")), equal(token, symbol));
  }).reduce((a, b) => and(a, b));
  const weight = where(consistent, constant(probabilities.map(Math.log), [every.length]), -1e9);
  const logits = (i: number, k: number): Tensor =>
    logSumExp(
      weight.add(
        constant(
          ofAll((s) => (s[i] === k ? 0 : -1e9)),
          [every.length],
        ),
      ),
      -1,
    );
  return stack(
    Array.from({ length }, (_, i) =>
      stack(
        Array.from({ length: K }, (__, k) => logits(i, k)),
        1,
      ),
    ),
    1,
  );
}
const exact = {
  extra: K,
  predict: conditionals,
  coding: {
    length,
    toSymbols: (x: Tensor) => cast(x, "int64"),
    toExamples: (s: Tensor) => cast(s, "float32"),
    covered: (mask: Tensor) => mask,
  },
};

test("with the exact conditionals of a joint distribution, the bound of each x is -log p(x) in expectation", () => {
  const repeats = 400;
  // One after another: the numbers of masks are spread evenly over a batch.
  const rows = Array.from({ length: repeats * every.length }, (_, row) => every[row % every.length]!);
  const symbols = constant(rows.flat(), [rows.length, length], "int64");
  const bound = maskedBound(symbols, exact);
  const [{ data }] = evaluate([bound], new Map(noiseValues([bound], 4))) as [Value];
  every.forEach((_, x) => {
    const own = Array.from(data, Number).filter((__, row) => row % every.length === x);
    const mean = own.reduce((a, b) => a + b, 0) / repeats;
    const error = Math.sqrt(own.reduce((sum, v) => sum + (v - mean) ** 2, 0)) / repeats;
    expect(Math.abs(mean + Math.log(probabilities[x]!))).toBeLessThan(4 * error);
    // A single mask is an estimate: the error is of one that varies.
    expect(error).toBeGreaterThan(1e-3);
  });
});

/** States of the sampler after each step, and samples [count, length]. */
function sampled(
  count: number,
  given: Partial<UnmaskingOptions>,
): { readonly states: number[][]; readonly samples: Float32Array } {
  const sampler = unmaskingSampler(exact);
  const options = sampler.options.parse(given);
  const symbolic = {
    ...options,
    temperature: constant(options.temperature),
    topP: undefined,
    steps: constant(options.steps),
    orderTemperature: constant(options.orderTemperature),
  };
  const [symbols, wanted] = [new Input("symbols", [count, length], "int64"), new Input("total", [count, 1])];
  const states: number[][] = [];
  let state = evaluate(Object.values(sampler.start(count, symbolic, evaluation))) as [Value, Value];
  for (const [k, at] of sampler.schedule(options).entries()) {
    const scalars = Object.fromEntries(Object.entries(at).map(([name, v]) => [name, constant(v)]));
    const next = Object.values(sampler.step!({ symbols, total: wanted }, scalars, symbolic, evaluation));
    state = evaluate(
      next,
      new Map<Tensor, Value>([[symbols, state[0]], [wanted, state[1]], ...noiseValues(next, 7 + k)]),
    ) as [Value, Value];
    states.push(Array.from(state[0].data, Number));
  }
  return { states, samples: Float32Array.from(states.at(-1)!) };
}

describe("sampling with the exact conditionals", () => {
  test("one position a step in random order gives the joint distribution; all at once, its marginals alone", () => {
    const oneByOne = frequencies(sampled(4000, { steps: length }).samples, length);
    // Total variation of as many samples of the same distribution is about 0.013.
    expect(totalVariation(oneByOne, probabilities)).toBeLessThan(0.03);
    const atOnce = frequencies(sampled(4000, { steps: 1 }).samples, length);
    expect(totalVariation(atOnce, probabilities)).toBeGreaterThan(0.1);
  });

  test.each([
    { order: "random", pace: "cosine" },
    { order: "confidence", pace: "linear" },
  ] as const)("a symbol that is known stays as it is: $order, $pace", (given) => {
    const { states } = sampled(50, { steps: 3, ...given });
    states.forEach((state, k) => {
      for (let row = 0; row < 50; row++)
        expect(state.slice(row * length, (row + 1) * length).filter((s) => s === K)).toHaveLength(length - 1 - k);
      if (k > 0) states[k - 1]!.forEach((s, i) => s !== K && expect(state[i]).toBe(s));
    });
  });

  test("in the order of confidence, without noise, the surest position is first", () => {
    const { states } = sampled(200, { steps: 3, order: "confidence", orderTemperature: 0, temperature: 0 });
    // p(b) is the least even of the three marginals: alone the likeliest symbol of b is the surest.
    const marginal = Array.from({ length }, (_, i) => every.reduce((sum, s, x) => sum + s[i]! * probabilities[x]!, 0));
    const surest = marginal.map((p) => Math.max(p, 1 - p));
    const first = surest.indexOf(Math.max(...surest));
    for (let row = 0; row < 200; row++)
      expect(states[0]!.slice(row * length, (row + 1) * length).findIndex((s) => s !== K)).toBe(first);
  });
});

test("each step unmasks at least one position, and the last one all", () => {
  for (const pace of ["cosine", "linear"] as const)
    for (const [n, steps] of [
      [49, 16],
      [5, 8],
      [64, 64],
      [100, 1],
      [3, 2],
    ] as const) {
      const counts = [n, ...maskedCounts(n, { steps, pace })];
      expect(counts).toHaveLength(1 + Math.min(n, steps));
      expect(counts.at(-1)).toBe(0);
      for (let k = 1; k < counts.length; k++) expect(counts[k]).toBeLessThan(counts[k - 1]!);
    }
  expect(maskedCounts(8, { steps: 4, pace: "linear" })).toEqual([6, 4, 2, 0]);
  expect(maskedCounts(100, { steps: 3, pace: "cosine" })).toEqual([86, 50, 0]);
});

test("on chains: the bound is near the entropy, samples are chains, and completions see both sides", async () => {
  const places = 6;
  const run = await train(maskedDiffusion({ width: 32, depth: 1, dropout: 0 }), await binaryChains(4000, places), {
    steps: 500,
    batchSize: 100,
    learningRate: 3e-3,
    ema: 0.99,
    threads: 1,
  });
  const { trained } = run;
  const { test: split } = await run.loaded.openData();
  const { elbo, diffusion } = await mapSplit(trained, { split, key: "elbo" }, (x, context) => {
    const found = trained.model.elbo!(x, context);
    return { elbo: found.elbo, diffusion: found.rates["diffusion"]! };
  });
  const mean = (values: Float32Array): number => values.reduce((a, b) => a + b, 0) / values.length;
  expect(mean(elbo)).toBeCloseTo(-mean(diffusion), 6);
  // Of 400 test chains, and one mask each.
  expect(-mean(elbo)).toBeGreaterThan(chainEntropy(places) - 0.25);
  expect(-mean(elbo)).toBeLessThan(chainEntropy(places) + 0.3);
  const p = Array.from({ length: 2 ** places }, (_, i) => chainProbability(binarySequence(i, places)));
  const distance = async (options: Partial<UnmaskingOptions>): Promise<number> =>
    totalVariation(frequencies(await trained.sample(4000, { seed: 6, ...options }), places), p);
  // Of as many samples of the same distribution about 0.04.
  expect(await distance({ steps: places })).toBeLessThan(0.1);
  // Neighbors of one step are sampled as if independent.
  expect(await distance({ steps: 1 })).toBeGreaterThan(0.3);

  const completed = async (x: readonly number[], mask: readonly number[]): Promise<number[]> => {
    const many = Float32Array.from(Array.from({ length: 640 }, () => x).flat());
    const found = await editExamples(trained, many, { mask: Float32Array.from(mask), steps: places });
    const rows = Array.from({ length: 640 }, (_, i) => [...found.subarray(i * places, (i + 1) * places)]);
    for (const row of rows) expect(row.filter((_, k) => mask[k] === 0)).toEqual(x.filter((_, k) => mask[k] === 0));
    return x.map((_, k) => rows.reduce((sum, row) => sum + row[k]! / 640, 0));
  };
  const middle = [0, 0, 1, 0, 0, 0];
  // p(1 | 1 before, 1 after) = 0.81 / (0.81 + 0.01), and 1/2 between symbols that differ: what comes after informs as much.
  expect((await completed([1, 1, 0, 1, 1, 1], middle))[2]).toBeGreaterThan(0.94);
  expect(Math.abs((await completed([1, 1, 0, 0, 0, 0], middle))[2]! - 0.5)).toBeLessThan(0.12);
  await expect(editExamples(trained, new Float32Array(places))).rejects.toThrow(
    /got no mask, expected --mask of what is new$/,
  );
  await run.release();
});

test("refuses data that are no symbols, in its name", () => {
  const build = () => maskedDiffusion.build(maskedDiffusion.config.parse({}), dataSpec([2], { range: null }));
  expect(build).toThrow(/^masked-diffusion: it is a model of symbols, got points of real numbers, expected /);
});
