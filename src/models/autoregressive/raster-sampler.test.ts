import { beforeAll, describe, expect, test } from "vitest";
import { initialValues } from "../../../test/variable-values.ts";
import { type DataSpec, dataSpec } from "../../data/spec.ts";
import { ConfigError } from "../../errors.ts";
import { editExamples } from "../../evaluation/samples/editing.ts";
import { TrainedModel } from "../../evaluation/trained-model.ts";
import { evaluate } from "../../graph/evaluate.ts";
import { sizeOf } from "../../graph/shape.ts";
import { constant, type Tensor } from "../../graph/tensor.ts";
import { value, type Value } from "../../graph/value.ts";
import { conditioned, evaluation } from "../../nn/context.ts";
import { variables } from "../../nn/module.ts";
import type { Device } from "../../runtime/device.ts";
import { cpuDevice } from "../../runtime/node.ts";
import { createVariables } from "../../runtime/variables.ts";
import { type PixelCNN, pixelCNN } from "./pixelcnn.ts";

let cpu: Device;
beforeAll(async () => {
  cpu = await cpuDevice(1);
});

const small = { width: 4, depth: 2, firstKernel: 3, hidden: 5, embedding: 3, logistics: 3 };

/** A model on a device, with weights that make its pixels depend on each other, and log p(x) of examples by the reference. */
async function onDevice(data: DataSpec, config: object) {
  const model = pixelCNN.build(pixelCNN.config.parse({ ...small, ...config }), data) as PixelCNN;
  const store = createVariables(cpu, variables(model).values());
  const weights = new Map<Tensor, Value>();
  for (const [i, [v, { data: initial }]] of [...initialValues(model, 5)].entries()) {
    const numbers = Float32Array.from(initial, (w, k) => 2 * w + 0.4 * Math.sin(1 + i + 3 * k));
    await store.write(v as never, numbers);
    weights.set(v, value("float32", v.shape, numbers));
  }
  const logProb = (x: ArrayLike<number>, label?: number): Float64Array => {
    const rows = x.length / sizeOf(data.shape);
    const context =
      label === undefined
        ? evaluation
        : conditioned(evaluation, { class: constant(label, [], "int64").broadcastTo([rows]) });
    return Float64Array.from(
      evaluate([model.logProb(constant(Float64Array.from(x), [rows, ...data.shape]), context)], weights)[0]!.data,
    );
  };
  return { trained: new TrainedModel(model, { store, shape: data.shape }), logProb };
}

/** All examples of these values each, in one array. */
const every = (size: number, values: readonly number[]): Float64Array =>
  Float64Array.from(
    { length: values.length ** size * size },
    (_, i) => values[Math.floor(Math.floor(i / size) / values.length ** (i % size)) % values.length]!,
  );

/** How often each of all examples is among samples. */
function frequencies(samples: Float32Array, all: Float64Array, size: number): Float64Array {
  const keyOf = (x: ArrayLike<number>, row: number): string =>
    Array.from({ length: size }, (_, i) => x[row * size + i]!.toFixed(3)).join();
  const places = new Map(Array.from({ length: all.length / size }, (_, row) => [keyOf(all, row), row] as const));
  const found = new Float64Array(places.size);
  const rows = samples.length / size;
  for (let row = 0; row < rows; row++) found[places.get(keyOf(samples, row))!]! += 1 / rows;
  return found;
}

/** sum (p - q)^2 / p times the number of samples: of the order of the number of outcomes where q is of samples of p. */
const chiSquared = (p: Float64Array, q: Float64Array, samples: number): number =>
  p.reduce((sum, each, i) => sum + (each < 1e-4 ? 0 : ((each - q[i]!) ** 2 / each) * samples), 0);

const half = [0, 0.5, 1];
const classField = { name: "class", kind: "class", classes: ["a", "b"] } as const;
type Case = readonly [
  name: string,
  data: DataSpec,
  config: object,
  values: readonly number[],
  label: number | undefined,
];
const cases: readonly Case[] = [
  ["binary images", dataSpec([1, 3, 2]), {}, [0, 1], undefined],
  ["binary images of a class", dataSpec([1, 2, 3], { fields: [classField] }), { conditional: true }, [0, 1], 1],
  ["binary images of two channels", dataSpec([2, 1, 3]), {}, [0, 1], undefined],
  [
    "levels by mixtures of logistics",
    dataSpec([2, 2, 1]),
    { likelihood: "logistic-mixture", levels: 3 },
    half,
    undefined,
  ],
  ["levels", dataSpec([1, 2, 2]), { likelihood: "categorical", levels: 3 }, half, undefined],
  [
    "symbols in a row",
    dataSpec([4], { kind: "codes", range: null, symbols: 3 }),
    { likelihood: "categorical" },
    [0, 1, 2],
    undefined,
  ],
];
const count = 4096;

describe.each(cases)("%s", (_, data, config, values, label) => {
  const size = sizeOf(data.shape);
  const all = every(size, values);

  test("are sampled as often as p(x) says", async () => {
    const { trained, logProb } = await onDevice(data, config);
    const p = logProb(all, label).map(Math.exp);
    const given = label === undefined ? trained : trained.given({ class: [label] });
    const q = frequencies(await given.sample(count, { seed: 1 }), all, size);
    expect(chiSquared(p, q, count) / p.length).toBeLessThan(1.6);
    // It is told from another distribution.
    expect(
      chiSquared(
        p.map(() => 1 / p.length),
        q,
        count,
      ) / p.length,
    ).toBeGreaterThan(5);
    await trained.release();
  });

  test("are likelier at a lower temperature", async () => {
    const { trained, logProb } = await onDevice(data, config);
    const given = label === undefined ? trained : trained.given({ class: [label] });
    const meanOf = async (temperature: number): Promise<number> =>
      logProb(await given.sample(512, { temperature, seed: 2 }), label).reduce((sum, v) => sum + v, 0) / 512;
    const found = [await meanOf(0.2), await meanOf(1), await meanOf(5)];
    expect(found).toEqual(found.toSorted((a, b) => b - a));
    await trained.release();
  });
});

describe("completed examples", () => {
  test.each<readonly [string, DataSpec, object, readonly number[], readonly number[]]>([
    ["binary images of which the first row is kept", dataSpec([1, 2, 3]), {}, [0, 1], [0, 0, 0, 1, 1, 1]],
    [
      "colors whose first channel is kept",
      dataSpec([2, 1, 2]),
      { likelihood: "logistic-mixture", levels: 3 },
      half,
      [0, 1, 1, 1],
    ],
  ])("are samples of p(new | kept): %s", async (_, data, config, values, mask) => {
    const { trained, logProb } = await onDevice(data, config);
    const size = sizeOf(data.shape);
    const all = every(size, values);
    const kept = values.length === 2 ? [1, 0, 1, 0, 0, 0] : [1, 0, 0, 0];
    const x = Float32Array.from({ length: count * size }, (__, i) => kept[i % size]!);
    const edits = await editExamples(trained, x, { mask: Float32Array.from(mask), seed: 1 });
    const joint = logProb(all).map(Math.exp);
    const agrees = (row: number): boolean => mask.every((m, i) => m === 1 || all[row * size + i] === kept[i]);
    const weights = joint.map((p, row) => (agrees(row) ? p : 0));
    const total = weights.reduce((sum, p) => sum + p, 0);
    const conditional = weights.map((p) => p / total);
    const q = frequencies(edits, all, size);
    const outcomes = conditional.filter((p) => p > 0).length;
    expect(chiSquared(conditional, q, count) / outcomes).toBeLessThan(1.8);
    expect(q.every((each, row) => agrees(row) || each === 0)).toBe(true);
    await trained.release();
  });

  test("keep their values to the bit, and see them as zeros and ones", async () => {
    const { trained } = await onDevice(dataSpec([1, 2, 2]), {});
    const mask = Float32Array.of(0, 0, 1, 1);
    const gray = Float32Array.from({ length: 256 }, (_, i) => [0.9, 0.2, 0.3, 0.3][i % 4]!);
    const edits = await editExamples(trained, gray, { mask, seed: 4 });
    const binary = await editExamples(trained, gray.map(Math.round), { mask, seed: 4 });
    edits.forEach((v, i) => expect(v).toBe(mask[i % 4] === 0 ? gray[i] : binary[i]));
    await trained.release();
  });

  test("need a mask", async () => {
    const { trained } = await onDevice(dataSpec([1, 2, 2]), {});
    await expect(editExamples(trained, new Float32Array(4))).rejects.toThrow(
      new ConfigError(
        "edit: an autoregressive model completes examples, got none of their values to keep, expected a mask, or latentkit complete",
      ),
    );
    await trained.release();
  });
});
