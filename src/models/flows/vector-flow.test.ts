import { beforeAll, describe, expect, test } from "vitest";
import { noiseValues } from "../../../test/noise-values.ts";
import { trainBriefly } from "../../../test/train-briefly.ts";
import { sines } from "../../../test/variable-values.ts";
import { toys } from "../../data/generators/toys.ts";
import { type DataSpec, dataSpec } from "../../data/spec.ts";
import { evaluate } from "../../graph/evaluate.ts";
import { constant, Input, type Tensor } from "../../graph/tensor.ts";
import { type Value, value } from "../../graph/value.ts";
import { conditioned, type Context, evaluation, TrainingContext } from "../../nn/context.ts";
import { variables } from "../../nn/module.ts";
import { mean } from "../../ops/reduction.ts";
import { stream } from "../../random/index.ts";
import { compute } from "../../runtime/compute.ts";
import type { Device } from "../../runtime/device.ts";
import { cpuDevice } from "../../runtime/node.ts";
import type { ModelDefinition } from "../definition.ts";
import type { Model } from "../model.ts";
import { type AnySampler, samplerOf } from "../sampler.ts";
import { maf } from "./maf.ts";
import { splineFlow } from "./spline-flow.ts";

let cpu: Device;
beforeAll(async () => {
  cpu = await cpuDevice(1);
});

const small = { hiddenDims: [8], layers: 2, activation: "tanh" };
const variants: readonly [name: string, definition: ModelDefinition, settings: object][] = [
  ["maf", maf, {}],
  ["spline couplings", splineFlow, { bins: 4, bound: 3 }],
  ["spline autoregression", splineFlow, { transform: "autoregressive", bins: 4, bound: 3 }],
];
const build = (definition: ModelDefinition, settings: object, data: DataSpec): Model =>
  definition.build(definition.config.parse({ ...small, ...settings }), data);

const randomly = (model: object, by = 0.5): Map<Tensor, Value> =>
  new Map(
    [...variables(model).values()].map((v, i): [Tensor, Value] => [
      v,
      value(
        "float32",
        v.shape,
        sines(v, i).data.map((w) => by * w),
      ),
    ]),
  );

const grid = (side: number, range: number): number[] =>
  Array.from({ length: side ** 2 }, (_, i) => [i % side, Math.floor(i / side)])
    .flat()
    .map((v) => ((v + 0.5) / side - 0.5) * 2 * range);

const numbers = (at: Tensor, leaves: ReadonlyMap<Tensor, Value>): number[] => [...evaluate([at], leaves)[0]!.data];

/** Samples by the loop of a sampler, in the reference. */
function sampled(sampler: AnySampler, options: object, count: number, leaves: Map<Tensor, Value>, context: Context) {
  const symbolic = Object.fromEntries(Object.entries(options).map(([key, v]) => [key, constant(v as number)]));
  let state: Record<string, Tensor> = {};
  const held = (codes: Readonly<Record<string, Tensor>>, seed: number): Record<string, Tensor> => {
    const roots = Object.values(codes);
    const values = evaluate(roots, new Map([...leaves, ...noiseValues(roots, seed)]));
    return Object.fromEntries(
      Object.keys(codes).map((name, i) => [name, constant([...values[i]!.data], values[i]!.shape, roots[i]!.dtype)]),
    );
  };
  state = held(sampler.start(count, symbolic, context), 0);
  sampler.schedule(options).forEach((point, i) => {
    const at = Object.fromEntries(Object.entries(point).map(([name, v]) => [name, constant(v)]));
    state = held(sampler.step!(state, at, symbolic, context), i + 1);
  });
  const out = sampler.finish(state, symbolic, context);
  return numbers(out, new Map([...leaves, ...noiseValues([out], 99)]));
}

describe.each(variants)("%s", (_, definition, settings) => {
  const plane = dataSpec([2], { range: null });

  test("its density integrates to 1", async () => {
    const model = build(definition, settings, plane);
    const [side, range] = [300, 12];
    const x = constant(grid(side, range), [side ** 2, 2]);
    const [logs] = await compute(cpu, [model.logProb!(x, evaluation)], randomly(model, 0.3));
    const total = logs!.data.reduce((sum, log) => sum + Math.exp(log), 0) * ((2 * range) / side) ** 2;
    expect(total).toBeGreaterThan(0.99);
    expect(total).toBeLessThan(1.01);
  });

  test("of each class, and the classes differ", async () => {
    const data = { ...plane, fields: [{ name: "class", kind: "class" as const, classes: ["a", "b"] }] };
    const model = build(definition, { ...settings, conditional: true }, data);
    const [side, range] = [200, 20];
    const x = constant(grid(side, range), [side ** 2, 2]);
    const of = async (label: number): Promise<Float64Array> => {
      const labels = constant(Array<number>(side ** 2).fill(label), [side ** 2], "int64");
      const [logs] = await compute(
        cpu,
        [model.logProb!(x, conditioned(evaluation, { class: labels }))],
        randomly(model),
      );
      return logs!.data;
    };
    const [a, b] = [await of(0), await of(1)];
    for (const logs of [a, b])
      expect(logs.reduce((sum, log) => sum + Math.exp(log), 0) * ((2 * range) / side) ** 2).toBeCloseTo(1, 1);
    expect(Math.max(...a.map((v, i) => Math.abs(v - b[i]!)))).toBeGreaterThan(0.1);
  });

  test("it starts as a standard normal", () => {
    const model = build(definition, settings, dataSpec([3], { range: null }));
    const zeros = new Map([...randomly(model)].filter(([v]) => v.size > 0));
    // Its last layers start at 0, whatever the others.
    for (const [name, v] of variables(model))
      if (v.initializer.kind === "constant") zeros.set(v, value("float32", v.shape, new Float64Array(v.size)));
      else expect(name).not.toContain("outputs");
    const x = new Input("x", [2, 3]);
    zeros.set(x, value("float32", [2, 3], Float64Array.of(0.3, -1, 2, 0.5, 7, -2)));
    const found = numbers(model.logProb!(x, evaluation), zeros);
    const normal = (row: readonly number[]): number =>
      row.reduce((sum, v) => sum - v ** 2 / 2 - Math.log(2 * Math.PI) / 2, 0);
    expect(found[0]).toBeCloseTo(normal([0.3, -1, 2]), 6);
    expect(found[1]).toBeCloseTo(normal([0.5, 7, -2]), 6);
  });

  test("codes decode to their examples", () => {
    const model = build(definition, settings, dataSpec([5], { range: null }));
    const x = new Input("x", [4, 5]);
    const leaves = randomly(model, 0.3).set(x, sines(x, 2));
    const z = model.encode!(x, evaluation, (q) => q.mean)["z"]!.mean;
    const found = numbers(model.decode!({ z }, evaluation).mean, leaves);
    found.forEach((v, i) => expect(v).toBeCloseTo(leaves.get(x)!.data[i]!, 6));
  });

  test("sampling in steps gives what one graph gives", () => {
    // Of so many values that its own sampler is one of steps, where it is autoregressive.
    const wide = build(definition, { ...settings, layers: 3 }, dataSpec([20], { range: null }));
    const leaves = randomly(wide, 0.15);
    const sampler = samplerOf(wide)!;
    const steps = sampler.schedule({ temperature: 0.7 }).length;
    expect(steps).toBe(definition === maf || "transform" in settings ? 60 : 0);
    if (steps === 0) return;
    const start = sampler.start(2, { temperature: constant(0.7) }, evaluation);
    const z = start["z"]!;
    const one = numbers(wide.decode!({ z }, evaluation).mean, new Map([...leaves, ...noiseValues([z], 0)]));
    sampled(sampler, { temperature: 0.7 }, 2, leaves, evaluation).forEach((v, i) => expect(v).toBeCloseTo(one[i]!, 6));
  });

  test("training noise is of training alone", () => {
    const model = build(definition, { ...settings, noise: 0.3 }, plane);
    const x = constant([0.5, -1, 2, 0.1], [2, 2]);
    const values = randomly(model);
    const of = (context: Context, seed: number): number[] => {
      const log = model.logProb!(x, context);
      return numbers(log, new Map([...values, ...noiseValues([log], seed)]));
    };
    expect(of(evaluation, 1)).toEqual(of(evaluation, 2));
    expect(of(new TrainingContext(), 1)).not.toEqual(of(new TrainingContext(), 2));
  });

  test("what is no vector of real numbers is refused in one line", () => {
    const name = definition.name;
    expect(() => build(definition, settings, dataSpec([4], { kind: "codes", range: null, symbols: 16 }))).toThrow(
      `${name}: symbols have no density, got 16 of them, expected real numbers or intensities; made, pixelcnn and transformer are of symbols`,
    );
  });
});

describe("rows of a table", () => {
  const columns = [
    { name: "sex", kind: "category", values: ["f", "m", "x"] },
    { name: "pay", kind: "number" },
    { name: "city", kind: "category", values: ["p", "q"] },
  ] as const;
  const data = dataSpec([6], { kind: "table", range: null, columns });
  const categories = [0, 1, 2].flatMap((sex) => [0, 1].map((city) => [sex, city] as const));
  const row = ([sex, city]: readonly [number, number], pay: number): number[] => [
    ...[0, 1, 2].map((k) => Number(k === sex)),
    pay,
    ...[0, 1].map((k) => Number(k === city)),
  ];

  test.each(variants)(
    "%s: probabilities of categories and the integral over numbers are 1",
    (_, definition, settings) => {
      const model = build(definition, settings, data);
      const step = 0.02;
      const rows = categories.flatMap((of) => Array.from({ length: 2000 }, (__, i) => row(of, (i - 1000) * step)));
      const x = constant(rows.flat(), [rows.length, 6]);
      const logs = numbers(model.logProb!(x, evaluation), randomly(model));
      expect(step * logs.reduce((sum, log) => sum + Math.exp(log), 0)).toBeCloseTo(1, 3);
    },
  );

  test("samples have the probabilities of the categories, in the places of the columns", () => {
    const model = build(maf, {}, data);
    const leaves = randomly(model);
    const found = sampled(samplerOf(model)!, { temperature: 1 }, 4000, leaves, evaluation);
    const counts = categories.map(() => 0);
    for (let at = 0; at < found.length; at += 6) {
      const [sex, city] = [found.slice(at, at + 3).indexOf(1), found.slice(at + 4, at + 6).indexOf(1)];
      const place = categories.findIndex(([a, b]) => a === sex && b === city);
      expect(place).toBeGreaterThanOrEqual(0);
      counts[place]! += 1 / 4000;
    }
    const step = 0.05;
    const expected = categories.map((of) => {
      const rows = Array.from({ length: 400 }, (__, i) => row(of, (i - 200) * step));
      const x = constant(rows.flat(), [rows.length, 6]);
      return step * numbers(model.logProb!(x, evaluation), leaves).reduce((sum, log) => sum + Math.exp(log), 0);
    });
    // Four standard errors of 4000 samples are 0.03.
    counts.forEach((v, i) => expect(Math.abs(v - expected[i]!)).toBeLessThan(0.03));
    expect(Math.max(...expected) - Math.min(...expected)).toBeGreaterThan(0.05);
  });

  test("a table of categories alone is refused", () => {
    const all = dataSpec([3], { kind: "table", range: null, columns: [columns[0]] });
    expect(() => build(maf, {}, all)).toThrow(
      "maf: a flow is of real numbers, got a table of categories alone, expected a column of numbers, or the model made",
    );
  });
});

test.each(variants)(
  "%s learns two moons, to less than the entropy of any Gaussian and not below their own",
  async (_, definition, settings) => {
    const toy = toys["moons"]!;
    const random = stream(0, "moons");
    const points = (count: number): number[] =>
      Array.from({ length: count }, (__, i) => [...toy.sample(i % 2, random)]).flat();
    const model = build(
      definition,
      { ...settings, hiddenDims: [32], activation: "relu", layers: 4 },
      dataSpec([2], { range: null }),
    );
    const training = points(500);
    const x = Float32Array.from(training);
    const learned = await trainBriefly(model, { device: cpu, x, shape: [2], steps: 250 });
    const test = points(2000);
    const [nll] = await compute(cpu, [mean(model.logProb!(constant(test, [2000, 2]), evaluation)).neg()], learned);
    const entropy =
      -Array.from({ length: 2000 }, (__, i) => toy.logDensity(test[2 * i]!, test[2 * i + 1]!)).reduce(
        (a, b) => a + b,
        0,
      ) / 2000;
    // A Gaussian of the same covariance is 0.9 nats above.
    expect(nll!.data[0]! - entropy).toBeLessThan(0.4);
    expect(nll!.data[0]! - entropy).toBeGreaterThan(0);
  },
);
