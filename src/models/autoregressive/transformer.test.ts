import { describe, expect, test } from "vitest";
import {
  binaryChains,
  chainEntropy,
  everyBinarySequence,
  frequencies,
  totalVariation,
} from "../../../test/binary-chains.ts";
import { initialValues, sines } from "../../../test/variable-values.ts";
import { createDataset } from "../../data/dataset.ts";
import { type ColumnSpec, type DataSpec, dataSpec } from "../../data/spec.ts";
import { createDataSource, split } from "../../data/split.ts";
import { editExamples } from "../../evaluation/samples/editing.ts";
import { mapSplit } from "../../evaluation/map-split.ts";
import { evaluate } from "../../graph/evaluate.ts";
import { grad } from "../../graph/grad.ts";
import { constant, Input, type Tensor } from "../../graph/tensor.ts";
import type { Value } from "../../graph/value.ts";
import { conditioned, evaluation } from "../../nn/context.ts";
import { train } from "../../node/index.ts";
import { concat, reshape, slice } from "../../ops/movement.ts";
import { maskedDiffusion } from "../diffusion/masked/masked-diffusion.ts";
import type { SymbolConfig } from "../symbols/symbol-settings.ts";
import { SymbolTransformer } from "../symbols/symbol-transformer.ts";
import { type Transformer, transformer } from "./transformer.ts";

const build = (data: DataSpec, more: Partial<SymbolConfig> = {}): Transformer =>
  transformer.build(transformer.config.parse({ width: 32, depth: 2, ...more }), data) as Transformer;
const codes = (shape: readonly number[], symbols: number, more: Partial<DataSpec> = {}): DataSpec =>
  dataSpec(shape, { kind: "codes", range: null, symbols, ...more });

/** Initial values, with others in place of zeros: at first the last layer is 0. */
const weightsOf = (model: object): Map<Tensor, Value> =>
  new Map(
    [...initialValues(model)].map(([v, initial], i) => {
      const zero = initial.data.every((each) => each === 0);
      return [v, zero ? { ...initial, data: sines(v, i).data.map((each) => each / 4) } : initial] as const;
    }),
  );
const valuesOf = (model: object, roots: readonly Tensor[]): number[][] =>
  evaluate(roots, weightsOf(model)).map(({ data }) => Array.from(data, Number));

/** Every sequence of digits below each of these counts. */
const sequencesOf = (counts: readonly number[]): number[][] =>
  counts.reduce<number[][]>((all, n) => all.flatMap((one) => Array.from({ length: n }, (_, k) => [...one, k])), [[]]);
const sumOfProbabilities = (logs: readonly number[]): number => logs.reduce((sum, log) => sum + Math.exp(log), 0);

describe("probabilities of all examples sum to 1", () => {
  test("of codes on a grid", () => {
    const model = build(codes([2, 2], 3));
    const all = sequencesOf([3, 3, 3, 3]);
    const [logs] = valuesOf(model, [model.logProb(constant(all.flat(), [all.length, 2, 2]), evaluation)]);
    expect(sumOfProbabilities(logs!)).toBeCloseTo(1, 5);
    // They are not all alike.
    expect(Math.max(...logs!) - Math.min(...logs!)).toBeGreaterThan(1);
  });

  test("of rows of a table whose columns have different numbers of categories", () => {
    const counts = [2, 4, 3];
    const columns = counts.map((n, i): ColumnSpec => {
      return { name: `c${i}`, kind: "category", values: Array.from({ length: n }, (_, k) => `${k}`) };
    });
    const model = build(dataSpec([9], { kind: "table", columns }));
    const all = sequencesOf(counts);
    const rows = all.flatMap((one) =>
      one.flatMap((k, i) => Array.from({ length: counts[i]! }, (_, j) => Number(j === k))),
    );
    const [logs] = valuesOf(model, [model.logProb(constant(rows, [all.length, 9]), evaluation)]);
    expect(sumOfProbabilities(logs!)).toBeCloseTo(1, 5);
  });

  test("of images in patches", () => {
    const model = build(dataSpec([1, 2, 4]), { patch: 2 });
    const all = sequencesOf(Array.from({ length: 8 }, () => 2));
    const [logs] = valuesOf(model, [model.logProb(constant(all.flat(), [all.length, 1, 2, 4]), evaluation)]);
    expect(sumOfProbabilities(logs!)).toBeCloseTo(1, 5);
    expect(new Set(logs!.map((log) => log.toFixed(8))).size).toBe(256);
  });

  test("given a class and the codes of a level above, and other ones given others", () => {
    const fields = [
      { name: "class", kind: "class", classes: ["a", "b"] },
      { name: "top", kind: "numbers", shape: [1, 2], symbols: 3 },
    ] as const;
    const model = build(codes([3], 2, { fields }), { conditional: true, fields: ["top"] });
    expect(model.condition).toEqual({ fields, required: true });
    const all = sequencesOf([2, 2, 2]);
    const given = (y: number, top: readonly number[]): number[] => {
      const condition = {
        class: constant(
          all.map(() => y),
          [8],
          "int64",
        ),
        top: constant(
          all.flatMap(() => top),
          [8, 1, 2],
        ),
      };
      return valuesOf(model, [model.logProb(constant(all.flat(), [8, 3]), conditioned(evaluation, condition))])[0]!;
    };
    const found = [given(0, [0, 2]), given(1, [0, 2]), given(0, [0, 1]), given(0, [2, 0])];
    for (const logs of found) expect(sumOfProbabilities(logs)).toBeCloseTo(1, 5);
    expect(new Set(found.map((logs) => logs[0]!.toFixed(6))).size).toBe(4);
  });
});

test.each([1, 2, 3])("logits do not depend on their own symbol or those after it, at depth %i", (depth) => {
  const [length, width] = [5, 32];
  const coding = { length, symbols: 3 };
  const network = new SymbolTransformer({ coding, width, depth, dropout: 0, causal: true, fields: [] });
  // Place j has the symbol before position j: logits of position i may see places 0 to i.
  const embedded = new Input("embedded", [1, length, width]);
  const logits = network.apply(embedded, evaluation);
  const slopes = Array.from(
    { length },
    (_, i) =>
      grad(
        slice(logits, 1, i, i + 1)
          .mul(constant([1, 2, 4], [3]))
          .sum(),
        [embedded],
      )[0]!,
  );
  const found = evaluate(slopes, new Map([...weightsOf(network), [embedded, sines(embedded, 3)] as const]));
  found.forEach(({ data }, i) => {
    for (let j = 0; j < length; j++) {
      const place = Array.from(data.subarray(j * width, (j + 1) * width), Number);
      if (j > i) expect(place.every((v) => v === 0)).toBe(true);
      else expect(place.some((v) => Math.abs(v) > 1e-9)).toBe(true);
    }
  });
});

test.each([false, true])(
  "logits from keys and values of the positions behind are those of a full pass; given codes: %s",
  (given) => {
    const fields = [{ name: "top", kind: "numbers", shape: [2], symbols: 3 }] as const;
    const [rows, length] = [2, 4];
    const { network } = build(codes([length], 5, given ? { fields } : {}), given ? { fields: ["top"] } : {});
    const context = conditioned(evaluation, given ? { top: constant([0, 2, 1, 1], [rows, 2]) } : undefined);
    const symbols = constant([4, 0, 3, 1, 2, 2, 0, 4], [rows, length], "int64");
    const tokens = concat(
      [constant([network.extra, network.extra], [rows, 1], "int64"), slice(symbols, 1, 0, length - 1)],
      1,
    );
    const full = network.apply(network.embed(tokens), context);
    let memories = network.start(rows, context);
    const stepwise = Array.from({ length }, (_, i) => {
      const step = network.step(slice(tokens, 1, i, i + 1), { position: constant(i, [], "int64"), memories, context });
      ({ memories } = step);
      return reshape(step.logits, [rows, 1, 5]);
    });
    const [expected, found] = valuesOf(network, [full, concat(stepwise, 1)]);
    expected!.forEach((v, i) => expect(found![i]).toBeCloseTo(v, 9));
  },
);

describe("trained on chains", () => {
  const length = 6;

  test("log p(x) is near the entropy, samples are as likely as it says, and completions are given what comes before", async () => {
    const run = await train(transformer({ width: 32, depth: 1, dropout: 0 }), await binaryChains(4000, length), {
      steps: 400,
      batchSize: 100,
      learningRate: 3e-3,
      threads: 1,
    });
    const { trained } = run;
    const { test: held } = await run.metrics();
    expect(held["nll"]).toBeGreaterThan(chainEntropy(length) - 0.15);
    expect(held["nll"]).toBeLessThan(chainEntropy(length) + 0.15);
    const everyone = await everyBinarySequence(length);
    const { logProb } = await mapSplit(trained, { split: everyone.train, key: "log p" }, (x, context) => ({
      logProb: trained.model.logProb!(x, context),
    }));
    const probabilities = logProb.map((log) => Math.exp(log));
    expect(probabilities.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 4);
    const samples = await trained.sample(20_000, { seed: 6 });
    // Total variation of as many samples of the same distribution is about 0.02.
    expect(totalVariation(frequencies(samples, length), probabilities)).toBeLessThan(0.04);
    // The likeliest symbol each time: chains that never change.
    const typical = await trained.sample(64, { temperature: 0 });
    for (let i = 0; i < 64; i++) expect(new Set(typical.subarray(i * length, (i + 1) * length)).size).toBe(1);
    // Of two symbols a nucleus of 0.6 holds one where the other has 0.1, and both at the start.
    const nucleus = frequencies(await trained.sample(2000, { topP: 0.6 }), length);
    expect(nucleus[0]! + nucleus[63]!).toBeCloseTo(1, 9);

    const x = Float32Array.from([1, 1, 1, 0, 0, 0]);
    const many = Float32Array.from(Array.from({ length: 640 }, () => [...x]).flat());
    const mask = Float32Array.from([0, 0, 0, 1, 1, 1]);
    const completed = await editExamples(trained, many, { mask, seed: 3 });
    let stays = 0;
    for (let i = 0; i < 640; i++) {
      expect([...completed.subarray(i * length, i * length + 3)]).toEqual([1, 1, 1]);
      stays += completed[i * length + 3]! / 640;
    }
    expect(stays).toBeGreaterThan(0.83);
    expect(stays).toBeLessThan(0.97);
    await expect(editExamples(trained, many)).rejects.toThrow(
      /^edit: a model of symbols completes examples, got no mask, expected --mask of what is new$/,
    );
    await run.release();
  });
});

test.each([
  ["transformer", transformer],
  ["masked-diffusion", maskedDiffusion],
] as const)("%s is given the codes of a level above by symbol", async (_, definition) => {
  // Each symbol below is that of its half above, and the class says whether they are swapped.
  const size = 600;
  const labels = Array.from({ length: size }, (_, i) => i % 2);
  const tops = Float32Array.from(labels.flatMap((__, i) => [Math.floor(i / 2) % 3, Math.floor(i / 6) % 3]));
  const below = (top: ArrayLike<number>, label: number): number[] =>
    [0, 1, 0, 1].map((half) => top[label === 0 ? half : 1 - half]!);
  const dataset = await createDataset({
    name: "levels",
    description: "two levels of codes",
    kind: "codes",
    shape: [2, 2],
    size,
    values: Float32Array.from(labels.flatMap((label, i) => below(tops.subarray(2 * i), label))),
    symbols: 3,
    range: null,
    labels: Uint8Array.from(labels),
    classNames: ["straight", "swapped"],
    fields: { top: { kind: "numbers", shape: [2], symbols: 3, values: tops } },
  });
  const source = await createDataSource({ name: "levels", description: "codes", ...split(dataset, { test: 0.1 }) });
  const config = { width: 32, depth: 2, dropout: 0, conditional: true, fields: ["top"] };
  const run = await train(definition(config), source, { steps: 300, batchSize: 60, learningRate: 5e-3, threads: 1 });
  for (const label of [0, 1]) {
    const top = [2, 0, 1, 2, 0, 0];
    const samples = await run.given({ top, class: [label] }).sample(3, { seed: 1 });
    expect([...samples]).toEqual([0, 1, 2].flatMap((row) => below(top.slice(2 * row), label)));
  }
  expect(() => run.given({ top: [0, 3], class: [0] })).toThrow(
    /^top: a value is no symbol of the field, got 3, expected whole numbers from 0 to 2$/,
  );
  await expect(run.sample(2)).rejects.toThrow(/^model: it is of p\(x \| class, top\), got no class to sample with/);
  await run.release();
});

test.each([
  [
    dataSpec([2], { range: null }),
    {},
    "transformer: it is a model of symbols, got points of real numbers, expected codes of a run with a codebook, such as --data codes:RUN of a vq-vae, binary data, intensities, or a table of categories",
  ],
  [
    dataSpec([3, 32, 32]),
    {},
    "transformer: sequences are too long, got 3072 positions of examples of shape [3, 32, 32], expected at most 1024: a larger patch, or a model of images",
  ],
  [
    codes([64, 64], 16),
    {},
    "transformer: sequences are too long, got 4096 positions of examples of shape [64, 64], expected at most 1024",
  ],
  [codes([7, 7], 10_000), {}, "transformer: too many symbols, got 10000, expected at most 8192"],
  [
    dataSpec([3, 8, 8]),
    { patch: 2, levels: 4 },
    "transformer: too many symbols, got 16777216 of 4 levels and patch 2, expected at most 8192: fewer levels, or a smaller patch",
  ],
  [
    dataSpec([1, 7, 7]),
    { patch: 2 },
    "transformer: patch does not divide the image, got 2 for 7x7, expected a common divisor of both sides",
  ],
  [codes([7, 7], 16), { patch: 7 }, "transformer: patch is of images, got 7 for codes, expected 1"],
  [codes([7, 7], 16), { width: 100 }, "transformer: width is of heads of 32 features, got 100, expected a multiple"],
  [
    dataSpec([3], { kind: "table", columns: [{ name: "age", kind: "number" }] }),
    {},
    "transformer: it is a model of categories, got column age of numbers, expected a table of categories alone, or a model of tables such as vae",
  ],
])("refuses data and settings that do not fit: %#", (data, config, message) => {
  expect(() => build(data, config)).toThrow(message);
});
