import { beforeAll, describe, expect, test } from "vitest";
import { ConfigError, ShapeError } from "../errors.ts";
import { Input, noise, type Tensor, Variable } from "../graph/tensor.ts";
import { exp, gather, max, sin, sum, tanh } from "../ops/index.ts";
import { fillNormal, fillUniform, streamKey } from "../random/index.ts";
import type { Device } from "./device.ts";
import { cpuDevice } from "./node.ts";
import { Program, type ProgramSpec } from "./program.ts";
import { createVariables, HostVariables } from "./variables.ts";

const zero = { kind: "constant", value: 0 } as const;
const x = new Input("x", [2, 3]);
const numbers = Float32Array.of(1, 2, 3, 4, 5, 6);

let cpu: Device;
beforeAll(async () => {
  cpu = await cpuDevice(1);
});
const program = (spec: Partial<ProgramSpec> & { readonly outputs: ReadonlyMap<string, Tensor> }): Program =>
  new Program(createVariables(cpu, []), { name: "p", ...spec });

describe("outputs on demand", () => {
  test("a run computes and returns what it is asked for", async () => {
    const p = program({
      outputs: new Map([
        ["sum", sum(x)],
        ["wave", sum(tanh(exp(x)))],
      ]),
    });
    const alone = await p.prepare(["sum"]);
    const both = await p.prepare(["sum", "wave"]);
    expect(alone.nodes).toBe(1);
    expect(both.nodes).toBe(4);
    expect(await p.run({ inputs: { x: numbers }, outputs: ["sum"] })).toEqual({ sum: Float32Array.of(21) });
    expect(Object.keys(await p.run({ inputs: { x: numbers }, outputs: ["wave", "sum"] }))).toEqual(["wave", "sum"]);
    await p.release();
  });

  test("what a run returned stays as it is when the program runs again", async () => {
    const p = program({ outputs: new Map([["doubled", x.mul(2)]]) });
    const { doubled } = await p.run({ inputs: { x: numbers }, outputs: ["doubled"] });
    const kept = doubled!.slice();
    await p.run({ inputs: { x: numbers.map((v) => -v) }, outputs: ["doubled"] });
    expect(doubled).toEqual(kept);
    await p.release();
  });

  test("a run writes into the caller's array, part of a larger one too, and later runs leave it alone", async () => {
    const x = new Input("x", [2]);
    const p = program({
      outputs: new Map([
        ["twice", x.mul(2)],
        ["thrice", x.mul(3)],
      ]),
    });
    const rows = new Float32Array(4);
    const outputs = ["twice", "thrice"];
    const into = { twice: rows.subarray(1, 3) };
    const found = await p.run({ inputs: { x: Float32Array.of(1, 2) }, outputs, into });
    expect(found["twice"]).toBe(into.twice);
    expect([...rows, ...(found["thrice"] as Float32Array)]).toEqual([0, 2, 4, 0, 3, 6]);
    await p.run({ inputs: { x: Float32Array.of(10, 20) }, outputs });
    expect([...rows]).toEqual([0, 2, 4, 0]);
    await p.run({ inputs: { x: Float32Array.of(10, 20) }, outputs, into });
    expect([...rows]).toEqual([0, 20, 40, 0]);
    await expect(p.run({ inputs: { x: rows.subarray(0, 2) }, outputs, into: { twice: rows } })).rejects.toThrow(
      "program p: output twice does not fit, got a Float32Array of 4, expected a Float32Array of 2",
    );
    await p.release();
  });

  test("a large graph is compiled once, with all outputs, where that is asked for", async () => {
    const x = new Input("x", [2 ** 20]);
    const large = Array.from({ length: 70 }, (_, i) => i).reduce<Tensor>((t, i) => sin(t.add(i)), x);
    const outputs = new Map([
      ["large", large],
      ["largest", max(large)],
    ]);
    const data = new Float32Array(x.size).fill(0.5);
    for (const once of [true, false]) {
      let loads = 0;
      const load: Device["load"] = (model, resident) => {
        loads += 1;
        return cpu.load(model, resident);
      };
      const p = new Program(createVariables({ ...cpu, load }, []), { name: "p", outputs, once });
      const found = await p.run({ inputs: { x: data }, outputs: ["large"] });
      const { largest } = await p.run({ inputs: { x: data }, outputs: ["largest"] });
      expect(Object.keys(found)).toEqual(["large"]);
      expect(largest![0]).toBe(found["large"]![7]);
      expect(loads).toBe(once ? 1 : 2);
      await p.release();
    }
  });

  test("a run that fails says so, whatever else is left unsaid", async () => {
    const index = new Input("index", [1], "int64");
    const p = program({ outputs: new Map([["taken", gather(x, index)]]) });
    await expect(p.run({ inputs: { x: numbers, index: BigInt64Array.of(99n) }, outputs: ["taken"] })).rejects.toThrow(
      /out of data bounds/,
    );
    await p.release();
  });

  test("an input that only an unasked output reads need not be given", async () => {
    const y = new Input("y", []);
    const p = program({
      outputs: new Map([
        ["x", sum(x)],
        ["y", exp(y)],
      ]),
    });
    expect(await p.run({ inputs: { x: numbers }, outputs: ["x"] })).toEqual({ x: Float32Array.of(21) });
    await p.release();
  });

  test("an output that is itself an input, or the same tensor as another, is returned", async () => {
    const doubled = x.mul(2);
    const p = program({
      outputs: new Map([
        ["x", x],
        ["a", doubled],
        ["b", doubled],
      ]),
    });
    const found = await p.run({ inputs: { x: numbers }, outputs: ["x", "a", "b"] });
    expect(found).toEqual({ x: numbers, a: numbers.map((v) => 2 * v), b: numbers.map((v) => 2 * v) });
    await p.release();
  });
});

describe("inputs", () => {
  const outputs = new Map([["y", x.mul(2)]]);

  test("a changed array and another array are both seen", async () => {
    const p = program({ outputs });
    const data = numbers.slice();
    expect((await p.run({ inputs: { x: data }, outputs: ["y"] }))["y"]).toEqual(data.map((v) => 2 * v));
    data.fill(7);
    expect((await p.run({ inputs: { x: data }, outputs: ["y"] }))["y"]![0]).toBe(14);
    expect((await p.run({ inputs: { x: numbers }, outputs: ["y"] }))["y"]![0]).toBe(2);
    await p.release();
  });

  test.each([
    [
      "of another length",
      { x: new Float32Array(5) },
      "input x does not fit, got a Float32Array of 5, expected a Float32Array of 6 for float32[2,3]",
    ],
    [
      "of another kind",
      { x: new BigInt64Array(6) },
      "input x does not fit, got a BigInt64Array of 6, expected a Float32Array of 6 for float32[2,3]",
    ],
    ["missing", { z: new Float32Array(6) }, "input x has no value, got z, expected float32[2,3]"],
    ["missing among none", {}, "input x has no value, got no inputs, expected float32[2,3]"],
  ])("an input %s is named", async (_, inputs, message) => {
    const p = program({ outputs });
    await expect(p.run({ inputs, outputs: ["y"] })).rejects.toThrow(new ShapeError(`program p: ${message}`));
    await p.release();
  });

  test("an output that is not there is named", async () => {
    const p = program({ outputs });
    await expect(p.run({ inputs: { x: numbers }, outputs: ["w"] })).rejects.toThrow(
      new ConfigError("program p: no such output, got w, expected one of y"),
    );
  });

  test("two inputs of one name are refused", () => {
    const twin = new Input("x", [2, 3]);
    expect(() => program({ outputs: new Map([["y", x.add(twin)]]) })).toThrow(
      new ConfigError("program p: two inputs are named x, expected one of each name"),
    );
  });
});

describe("noise", () => {
  const a = noise.normal([4]);
  const b = noise.uniform([300]);
  const outputs = new Map<string, Tensor>([
    ["a", a],
    ["b", b],
    ["both", sum(a).add(sum(b))],
  ]);
  const noiseOf = async (options: { name?: string; seed?: number; step?: number; ask?: readonly string[] } = {}) => {
    const { name = "p", seed = 5, step = 9, ask = ["a"] } = options;
    const p = program({ name, outputs });
    const found = await p.run({ outputs: ask, seed, step });
    await p.release();
    return found;
  };

  test("is the stream of (seed, program, step, leaf), normal or uniform", async () => {
    const normal = new Float32Array(4);
    fillNormal(normal, streamKey(5, "noise", "p", 9, 0));
    const uniform = new Float32Array(300);
    fillUniform(uniform, streamKey(5, "noise", "p", 9, 1));
    expect(await noiseOf({ ask: ["a", "b"] })).toEqual({ a: normal, b: uniform });
  });

  test("is the same whatever outputs are asked for", async () => {
    const { a: expectedA, b: expectedB } = await noiseOf({ ask: ["a", "b", "both"] });
    expect(await noiseOf({ ask: ["a"] })).toEqual({ a: expectedA });
    expect(await noiseOf({ ask: ["b"] })).toEqual({ b: expectedB });
    expect(await noiseOf({ ask: ["both", "b"] })).toMatchObject({ b: expectedB });
  });

  test("differs between seeds, steps and programs, and repeats for the same", async () => {
    const found = await Promise.all([noiseOf(), noiseOf({ seed: 6 }), noiseOf({ step: 10 }), noiseOf({ name: "q" })]);
    expect(new Set(found.map(({ a }) => a![0])).size).toBe(4);
    expect(await noiseOf()).toEqual(found[0]);
  });

  test("is resampled at each run of one program", async () => {
    const p = program({ outputs });
    const [first, second, again] = [
      await p.run({ outputs: ["a"], step: 1 }),
      await p.run({ outputs: ["a"], step: 2 }),
      await p.run({ outputs: ["a"], step: 1 }),
    ];
    expect(second).not.toEqual(first);
    expect(again).toEqual(first);
    await p.release();
  });
});

// The CPU stands in for a device that keeps its own buffers: the program's part is the same.
describe.each(["host", "device"] as const)("variables kept by the %s", (residency) => {
  test("all updates of a run are made from the values before it", async () => {
    const [a, b] = [new Variable([1], zero), new Variable([1], zero)];
    const store = createVariables({ ...cpu, residency }, [a, b]);
    await store.write(a, Float32Array.of(0));
    await store.write(b, Float32Array.of(1));
    const fibonacci = new Program(store, {
      name: "fibonacci",
      outputs: new Map([["a", a]]),
      updates: new Map([
        [a, b],
        [b, a.add(b)],
      ]),
    });
    const seen: number[] = [];
    for (let i = 0; i < 10; i++) seen.push(Number((await fibonacci.run({ outputs: i % 3 ? ["a"] : [] }))["a"]?.[0]));
    expect(seen).toEqual([NaN, 1, 1, NaN, 3, 5, NaN, 13, 21, NaN]);
    expect([...(await store.read(a)), ...(await store.read(b))]).toEqual([55, 89]);
    await fibonacci.release();
    await store.release();
  });

  test("one program sees what another has made, and what the host has written", async () => {
    const v = new Variable([2], zero);
    const store = createVariables({ ...cpu, residency }, [v]);
    await store.write(v, Float32Array.of(1, 2));
    const doubling = new Program(store, { name: "doubling", updates: new Map([[v, v.mul(2)]]) });
    const reading = new Program(store, { name: "reading", outputs: new Map([["total", sum(v)]]) });
    const total = async (): Promise<number> => Number((await reading.run({ outputs: ["total"] }))["total"]![0]);
    expect(await total()).toBe(3);
    await doubling.run({});
    expect(await total()).toBe(6);
    await doubling.run({});
    await store.write(v, Float32Array.of(5, 5));
    await doubling.run({});
    expect(await total()).toBe(20);
    await doubling.release();
    expect(await total()).toBe(20);
    await reading.release();
    await store.release();
  });

  test("a program may read other variables in place of its own", async () => {
    const [weight, average] = [new Variable([], zero), new Variable([], zero)];
    const store = createVariables({ ...cpu, residency }, [weight, average]);
    await store.write(weight, Float32Array.of(3));
    await store.write(average, Float32Array.of(4));
    const squared = new Map([["y", weight.mul(weight)]]);
    const plain = new Program(store, { name: "plain", outputs: squared });
    const averaged = new Program(store, {
      name: "averaged",
      outputs: squared,
      emaWeights: new Map([[weight, average]]),
    });
    expect(await plain.run({ outputs: ["y"] })).toEqual({ y: Float32Array.of(9) });
    expect(await averaged.run({ outputs: ["y"] })).toEqual({ y: Float32Array.of(16) });
    await Promise.all([plain.release(), averaged.release()]);
    await store.release();
  });
});

test("writes land in a variable's own memory", async () => {
  const [weight, gradient] = [new Variable([3], zero), new Variable([3], zero)];
  const store = new HostVariables(cpu, [weight, gradient]);
  await store.write(weight, Float32Array.of(1, 2, 3));
  const p = new Program(store, { name: "p", writes: new Map([[gradient, weight.mul(weight)]]) });
  await p.run({});
  const memory = new Float32Array(store.memory.buffer, store.address(gradient), 3);
  expect([...memory]).toEqual([1, 4, 9]);
  await store.write(weight, Float32Array.of(0, 0, 5));
  await p.run({});
  expect([...memory]).toEqual([0, 0, 25]);
  await p.release();
});
