import { describe, expect, test } from "vitest";
import { noiseValues } from "../../../test/noise-values.ts";
import { sines } from "../../../test/variable-values.ts";
import { type DataSpec, dataSpec } from "../../data/spec.ts";
import { ConfigError } from "../../errors.ts";
import { evaluate } from "../../graph/evaluate.ts";
import { grad } from "../../graph/grad.ts";
import { constant, Input, type Tensor } from "../../graph/tensor.ts";
import { type Value, value } from "../../graph/value.ts";
import { conditioned, evaluation } from "../../nn/context.ts";
import { variables } from "../../nn/module.ts";
import { sum } from "../../ops/reduction.ts";
import { slice } from "../../ops/movement.ts";
import type { Codes } from "../latent.ts";
import type { Editor } from "../sampler.ts";
import { made, type MADE } from "./made.ts";

const build = (config: object, data: DataSpec): MADE =>
  made.build(made.config.parse({ hiddenDims: [7, 6], activation: "tanh", ...config }), data) as MADE;

/** Weights that leave nothing near 0. */
const weightsOf = (model: object): Map<Tensor, Value> =>
  new Map(
    [...variables(model).values()].map((v, i) => {
      const { dtype, shape, data } = sines(v, i);
      return [
        v,
        value(
          dtype,
          shape,
          data.map((w) => 0.8 * w),
        ),
      ];
    }),
  );

/** All rows of so many values below `levels`. */
const allRows = (values: number, levels: number): number[][] =>
  Array.from({ length: levels ** values }, (_, i) =>
    Array.from({ length: values }, (_, k) => Math.floor(i / levels ** k) % levels),
  );

/** Numbers of a tensor of rows x of a shape. */
function numbersAt(
  model: MADE,
  rows: readonly (readonly number[])[],
  shape: readonly number[],
  of: (x: Tensor) => Tensor,
) {
  const x = new Input("x", [rows.length, ...shape]);
  const leaves = weightsOf(model).set(x, value("float32", x.shape, Float64Array.from(rows.flat())));
  return Array.from(evaluate([of(x)], leaves)[0]!.data);
}
const total = (logs: readonly number[]): number => logs.reduce((all, log) => all + Math.exp(log), 0);

const symbols = (shape: readonly number[], count: number): DataSpec =>
  dataSpec(shape, { kind: "codes", range: null, symbols: count });

describe("probabilities of all examples sum to 1", () => {
  test.each([
    ["binary images", { masks: 1 }, dataSpec([1, 3, 3]), 2, 1],
    ["their mixture over orderings", { masks: 5 }, dataSpec([1, 3, 3]), 2, 1],
    ["in the order of the data", { masks: 3, ordering: "natural" }, dataSpec([8]), 2, 1],
    ["symbols", { conditionals: "categorical", masks: 3 }, symbols([2, 2], 4), 4, 1],
    ["levels", { conditionals: "categorical", levels: 3, masks: 2 }, dataSpec([1, 2, 2]), 3, 1 / 2],
    ["one variable", { masks: 2 }, dataSpec([1]), 2, 1],
  ] as const)("%s", (_, config, data, levels, unit) => {
    const model = build(config, data);
    const rows = allRows(
      data.shape.reduce((a, b) => a * b, 1),
      levels,
    ).map((row) => row.map((v) => v * unit));
    const logs = numbersAt(model, rows, data.shape, (x) => model.logProb(x, evaluation));
    expect(total(logs)).toBeCloseTo(1, 5);
    // They are no uniform distribution.
    expect(Math.max(...logs) - Math.min(...logs)).toBeGreaterThan(0.1);
  });

  test("of each class", () => {
    const data = dataSpec([6], { fields: [{ name: "class", kind: "class", classes: ["a", "b"] }] });
    const model = build({ conditional: true, masks: 2 }, data);
    const rows = allRows(6, 2);
    const of = (label: number): number[] =>
      numbersAt(model, rows, [6], (x) =>
        model.logProb(
          x,
          conditioned(evaluation, {
            class: constant(
              rows.map(() => label),
              [rows.length],
              "int64",
            ),
          }),
        ),
      );
    const [a, b] = [of(0), of(1)];
    expect(total(a)).toBeCloseTo(1, 5);
    expect(total(b)).toBeCloseTo(1, 5);
    expect(a).not.toEqual(b);
  });

  test("of rows of a table: categories, and the integral over a number", () => {
    const data = dataSpec([4], {
      kind: "table",
      range: null,
      columns: [
        { name: "sex", kind: "category", values: ["f", "m", "x"] },
        { name: "pay", kind: "number" },
      ],
    });
    const model = build({ conditionals: "mixture", components: 3, masks: 2 }, data);
    const step = 0.02;
    const numbers = Array.from({ length: 1500 }, (_, i) => (i - 750) * step);
    const rows = [0, 1, 2].flatMap((sex) => numbers.map((pay) => [0, 1, 2].map((k) => Number(k === sex)).concat(pay)));
    expect(step * total(numbersAt(model, rows, [4], (x) => model.logProb(x, evaluation)))).toBeCloseTo(1, 3);
  });
});

test.each([
  ["one set, as the data are ordered", { masks: 1, ordering: "natural" }, dataSpec([6])],
  ["orderings", { masks: 4 }, dataSpec([6])],
  ["symbols", { masks: 2, conditionals: "categorical" }, symbols([3], 3)],
  ["mixtures", { masks: 2, conditionals: "mixture", components: 2 }, dataSpec([4], { range: null })],
] as const)("an output depends on the variables before its own, to the bit: %s", (_, config, data) => {
  const model = build(config, data);
  const { places, ofInput, ofOutput } = model.structure;
  const inputs = new Input("inputs", [1, ofInput.length]);
  const leaves = weightsOf(model).set(inputs, value("float32", inputs.shape, sines(inputs, 1).data));
  for (const [set, place] of places.entries()) {
    const outputs = model.outputs(inputs, model.weights(constant([set], [1], "int64")), evaluation);
    let seen = 0;
    for (const [unit, variable] of ofOutput.entries()) {
      const [gradient] = evaluate([grad(sum(slice(outputs, 2, unit, unit + 1)), [inputs])[0]!], leaves);
      ofInput.forEach((other, i) => {
        if (place[other]! >= place[variable]!) expect(gradient!.data[i]).toBe(0);
        else seen += Number(gradient!.data[i] !== 0);
      });
    }
    // The direct weights alone join every pair.
    const pairs = ofOutput.reduce((all, v) => all + ofInput.filter((u) => place[u]! < place[v]!).length, 0);
    expect(seen).toBe(pairs);
  }
});

test("p(x) is the mean over the sets of masks, never below the mean of their log p", () => {
  const model = build({ masks: 3 }, dataSpec([5]));
  const rows = allRows(5, 2);
  const sets = constant([0, 1, 2], [3], "int64");
  const each = numbersAt(model, rows, [5], (x) => model.logProbs(x, sets, evaluation));
  const all = numbersAt(model, rows, [5], (x) => model.logProb(x, evaluation));
  all.forEach((log, row) => {
    const own = [0, 1, 2].map((set) => each[set * rows.length + row]!);
    expect(Math.exp(log)).toBeCloseTo(
      own.reduce((mean, l) => mean + Math.exp(l) / 3, 0),
      6,
    );
    expect(log).toBeGreaterThanOrEqual(own.reduce((mean, l) => mean + l / 3, 0) - 1e-9);
  });
});

test("samples of a set of masks are as frequent as its p(x) says, and sets are drawn alike", () => {
  const [values, masks, rows, chunks] = [3, 2, 64, 60];
  const model = build({ masks }, dataSpec([values]));
  const { sampler } = model;
  const start = sampler.start(rows, {}, evaluation);
  const held = Object.fromEntries(Object.entries(start).map(([name, t]) => [name, new Input(name, t.shape, t.dtype)]));
  const place = new Input("place", []);
  const next = sampler.step!(held, { place }, {}, evaluation);
  const weights = weightsOf(model);
  const names = Object.keys(start);
  const counts = Array.from({ length: masks }, () => new Float64Array(2 ** values));
  for (let chunk = 0; chunk < chunks; chunk++) {
    const run = (codes: Codes, leaves: Map<Tensor, Value>, key: number): Value[] => {
      const all = names.map((name) => codes[name]!);
      return [...evaluate(all, new Map([...leaves, ...noiseValues(all, key)]))];
    };
    let state = run(start, weights, chunk);
    for (const [k, at] of sampler.schedule({}).entries()) {
      const leaves = new Map<Tensor, Value>(names.map((name, i) => [held[name]!, state[i]!]));
      leaves.set(place, value("float32", [], Float64Array.of(at["place"]!)));
      state = run(next, new Map([...weights, ...leaves]), 1000 + chunk * values + k);
    }
    const [x, set] = [state[names.indexOf("x")]!.data, state[names.indexOf("set")]!.data[0]!];
    for (let row = 0; row < rows; row++)
      counts[set]![Array.from({ length: values }, (_, k) => x[row * values + k]! * 2 ** k).reduce((a, b) => a + b)]! +=
        1;
  }
  const sets = constant([0, 1], [masks], "int64");
  const p = numbersAt(model, allRows(values, 2), [values], (x) => model.logProbs(x, sets, evaluation)).map(Math.exp);
  counts.forEach((own, set) => {
    const total = own.reduce((a, b) => a + b);
    expect(Math.abs(total / rows - chunks / 2)).toBeLessThan(3.5 * Math.sqrt(chunks / 4));
    own.forEach((count, i) => {
      const expected = p[set * 2 ** values + i]!;
      expect(Math.abs(count / total - expected)).toBeLessThan(4 * Math.sqrt((expected * (1 - expected)) / total));
    });
  });
});

describe("what is missing of examples", () => {
  /** Completions of x [values] where mask is 1: as many as rows. */
  function completed(
    model: MADE,
    x: readonly number[],
    mask: readonly number[],
    rows: number,
    candidates: number,
  ): Float64Array {
    const editor = model.editor as Editor<{ candidates: number }>;
    const repeated = (row: readonly number[]): Tensor =>
      constant(Array.from({ length: rows }, () => row).flat(), [rows, x.length]);
    const given = { candidates: constant(candidates) };
    const start = editor.start({ x: repeated(x), mask: repeated(mask) }, {}, given, evaluation);
    const names = Object.keys(start);
    const held = Object.fromEntries(
      names.map((name) => [name, new Input(name, start[name]!.shape, start[name]!.dtype)]),
    );
    const place = new Input("place", []);
    const next = editor.step(held, { place }, given, evaluation);
    const weights = weightsOf(model);
    const run = (codes: Codes, leaves: Map<Tensor, Value>, key: number): Value[] => {
      const all = names.map((name) => codes[name]!);
      return [...evaluate(all, new Map([...weights, ...leaves, ...noiseValues(all, key)]))];
    };
    const leavesOf = (state: readonly Value[]) =>
      new Map<Tensor, Value>(names.map((name, i) => [held[name]!, state[i]!]));
    let state = run(start, new Map(), 0);
    for (const [k, at] of editor.schedule({ candidates }, { masked: true }).steps.entries())
      state = run(next, leavesOf(state).set(place, value("float32", [], Float64Array.of(at["place"]!))), 1 + k);
    return Float64Array.from(evaluate([editor.finish(held, given, evaluation)], leavesOf(state))[0]!.data);
  }

  test("is sampled by p(missing | kept), whatever the orderings", () => {
    const model = build({ masks: 3 }, dataSpec([3]));
    const [kept, mask] = [
      [1, 0, 1],
      [0, 1, 1],
    ];
    const rows = 4000;
    const found = completed(model, kept, mask, rows, 24);
    const counts = new Float64Array(4);
    for (let row = 0; row < rows; row++) {
      expect(found[3 * row]).toBe(1);
      counts[found[3 * row + 1]! + 2 * found[3 * row + 2]!]! += 1 / rows;
    }
    const p = numbersAt(
      model,
      [
        [1, 0, 0],
        [1, 1, 0],
        [1, 0, 1],
        [1, 1, 1],
      ],
      [3],
      (x) => model.logProb(x, evaluation),
    ).map(Math.exp);
    const sum = p.reduce((a, b) => a + b);
    counts.forEach((count, i) => expect(Math.abs(count - p[i]! / sum)).toBeLessThan(0.035));
    // By chance in the order of one set of masks, what comes later than the missing values would not inform them.
    const blind = completed(model, kept, mask, rows, 1);
    let far = 0;
    for (let row = 0; row < rows; row++) counts[blind[3 * row + 1]! + 2 * blind[3 * row + 2]!]! -= 1 / rows;
    counts.forEach((difference) => (far = Math.max(far, Math.abs(difference))));
    expect(far).toBeGreaterThan(0.04);
  });

  test("is a category, or a number, of a row", () => {
    const data = dataSpec([5], {
      kind: "table",
      range: null,
      columns: [
        { name: "sex", kind: "category", values: ["f", "m"] },
        { name: "pay", kind: "number" },
        { name: "job", kind: "category", values: ["a", "b"] },
      ],
    });
    const model = build({ conditionals: "mixture", masks: 2, components: 2 }, data);
    const found = completed(model, [1, 0, 0.5, 0, 1], [1, 1, 0, 0, 0], 40, 3);
    const rows = Array.from({ length: 40 }, (_, row) => Array.from(found.subarray(5 * row, 5 * row + 5)));
    expect(rows.every(([f, m]) => (f === 0 && m === 1) || (f === 1 && m === 0))).toBe(true);
    expect(new Set(rows.map(([f]) => f)).size).toBe(2);
    expect(rows.every((row) => row.slice(2).join() === "0.5,0,1")).toBe(true);
  });

  test("is told", () => {
    expect(() => build({}, dataSpec([3])).editor.schedule({ candidates: 1 }, { masked: false })).toThrow(
      /expected a mask/,
    );
  });
});

test.each([
  [{}, symbols([3], 5), "conditionals: they do not fit the data, got bernoulli for 5 symbols, expected categorical"],
  [
    {},
    dataSpec([2], { range: null }),
    "conditionals: they do not fit the data, got bernoulli for real numbers, expected mixture",
  ],
  [
    { conditionals: "categorical" },
    dataSpec([2], {
      kind: "table",
      range: null,
      columns: [
        { name: "a", kind: "number" },
        { name: "b", kind: "number" },
      ],
    }),
    "conditionals: they do not fit the data, got categorical for rows of a table, expected mixture",
  ],
] as const)("wrong: %j", (config, data, message) => {
  expect(() => build(config, data)).toThrow(new ConfigError(message));
});
