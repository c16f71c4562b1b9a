import { describe, expect, test } from "vitest";
import { initialValues } from "../../../test/variable-values.ts";
import { type DataSpec, dataSpec } from "../../data/spec.ts";
import { ConfigError } from "../../errors.ts";
import { evaluate } from "../../graph/evaluate.ts";
import { sizeOf } from "../../graph/shape.ts";
import { constant, type Tensor } from "../../graph/tensor.ts";
import { type Value, value } from "../../graph/value.ts";
import { type Condition, conditioned, evaluation } from "../../nn/context.ts";
import { type PixelCNN, pixelCNN } from "./pixelcnn.ts";

const small = { width: 4, depth: 2, firstKernel: 3, hidden: 5, embedding: 3, logistics: 3 };
const built = (data: DataSpec, config: object = {}): PixelCNN =>
  pixelCNN.build(pixelCNN.config.parse({ ...small, ...config }), data) as PixelCNN;

/** Weights far from their initial ones. */
const weights = (model: object): Map<Tensor, Value> =>
  new Map(
    [...initialValues(model, 5)].map(([v, { data, ...type }], i) => [
      v,
      value(
        type.dtype,
        type.shape,
        data.map((w, k) => 1.5 * w + 0.4 * Math.sin(1 + i + 3 * k)),
      ),
    ]),
  );

/** All examples of so many values each, [count, ...shape], one value `step` apart from the next. */
function everyExample(shape: readonly number[], values: number, step: number): Tensor {
  const size = sizeOf(shape);
  const count = values ** size;
  const data = Float64Array.from(
    { length: count * size },
    (_, i) => step * (Math.floor(Math.floor(i / size) / values ** (i % size)) % values),
  );
  return constant(data, [count, ...shape]);
}

const levels = (count: number, likelihood: string): object => ({ likelihood, levels: count });
const symbols = (count: number, shape: readonly number[], more: Partial<DataSpec> = {}): DataSpec =>
  dataSpec(shape, { kind: "codes", range: null, symbols: count, ...more });
const classField = { name: "class", kind: "class", classes: ["a", "b", "c"] } as const;
const upper = { name: "top", kind: "numbers", shape: [1, 2], symbols: 5 } as const;

type Case = readonly [
  name: string,
  data: DataSpec,
  config: object,
  values: number,
  condition: ((rows: number) => Condition) | undefined,
];
const unconditional = undefined;
const cases: readonly Case[] = [
  ["binary images", dataSpec([1, 3, 3]), {}, 2, unconditional],
  ["binary images of two channels", dataSpec([2, 2, 2]), {}, 2, unconditional],
  ["levels", dataSpec([2, 1, 2]), levels(4, "categorical"), 4, unconditional],
  ["levels by mixtures of logistics", dataSpec([2, 1, 2]), levels(4, "logistic-mixture"), 4, unconditional],
  [
    "levels of three channels by mixtures of logistics",
    dataSpec([3, 1, 2]),
    levels(3, "logistic-mixture"),
    3,
    unconditional,
  ],
  ["symbols on a grid", symbols(3, [2, 2]), { likelihood: "categorical" }, 3, unconditional],
  ["symbols of two channels", symbols(3, [2, 1, 2]), { likelihood: "categorical" }, 3, unconditional],
  ["symbols in a row", symbols(4, [4]), { likelihood: "categorical" }, 4, unconditional],
  ["symbols in a column", symbols(4, [1, 4, 1]), { likelihood: "categorical" }, 4, unconditional],
  [
    "binary images of a class",
    dataSpec([1, 2, 3], { fields: [classField] }),
    { conditional: true },
    2,
    (rows) => ({ class: constant(2, [], "int64").broadcastTo([rows]) }),
  ],
  [
    "symbols given those of the level above",
    symbols(3, [2, 3], { fields: [upper] }),
    { likelihood: "categorical", fields: ["top"] },
    3,
    (rows) => ({ top: constant([4, 1], [1, 1, 2]).broadcastTo([rows, 1, 2]) }),
  ],
];

describe.each(cases)("%s", (_, data, config, values, condition) => {
  test("have probabilities whose sum over all of them is 1", () => {
    const model = built(data, config);
    const step = data.symbols === undefined ? 1 / (values - 1) : 1;
    const x = everyExample(data.shape, values, step);
    const context = condition ? conditioned(evaluation, condition(x.shape[0]!)) : evaluation;
    const [logs] = evaluate([model.logProb(x, context)], weights(model));
    const probabilities = Array.from(logs!.data, Math.exp);
    expect(probabilities.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 6);
    // They are not all the same.
    expect(Math.max(...probabilities)).toBeGreaterThan(2 / probabilities.length);
  });
});

test("a condition changes log p(x)", () => {
  const model = built(symbols(3, [2, 2], { fields: [classField, { ...upper, shape: [1, 2] }] }), {
    likelihood: "categorical",
    conditional: true,
    fields: ["top"],
  });
  const x = constant(0).broadcastTo([1, 2, 2]);
  const of = (label: number, top: readonly number[]): number =>
    evaluate(
      [
        model.logProb(
          x,
          conditioned(evaluation, { class: constant([label], [1], "int64"), top: constant([...top], [1, 1, 2]) }),
        ),
      ],
      weights(model),
    )[0]!.data[0]!;
  const found = [of(0, [0, 0]), of(1, [0, 0]), of(0, [0, 3]), of(0, [3, 0])];
  expect(new Set(found).size).toBe(found.length);
});

test("intensities between levels are those of the nearest", () => {
  for (const likelihood of ["categorical", "logistic-mixture"]) {
    const model = built(dataSpec([1, 2, 2]), levels(4, likelihood));
    const of = (x: readonly number[]): Float64Array | ArrayLike<number> =>
      evaluate([model.logProb(constant([...x], [1, 1, 2, 2]), evaluation)], weights(model))[0]!.data;
    expect(of([0.1, 0.35, 0.6, 0.95])).toEqual(of([0, 1 / 3, 2 / 3, 1]));
  }
});

describe("refuses", () => {
  const columns = [{ name: "a", kind: "number" } as const, { name: "b", kind: "number" } as const];
  test.each<readonly [string, DataSpec, object, string]>([
    [
      "a table",
      dataSpec([2], { kind: "table", columns }),
      {},
      "model: pixelcnn is of pixels in rows and columns, got a table of shape [2], expected images [channels, height, width], or symbols [height, width] or [length]",
    ],
    [
      "points",
      dataSpec([2], { range: null }),
      {},
      "model: pixelcnn gives probabilities of values, got points of real numbers, expected intensities or symbols, or another model, such as diffusion",
    ],
    [
      "one pixel",
      dataSpec([3, 1, 1]),
      {},
      "model: pixelcnn is of pixels in rows and columns, got image of shape [3, 1, 1], expected images [channels, height, width], or symbols [height, width] or [length]",
    ],
    [
      "more levels than the data have",
      dataSpec([1, 8, 8], { range: [0, 16] }),
      levels(256, "categorical"),
      "levels: the data have fewer, got 256, expected 17, their values from 0 to 16, or fewer",
    ],
    [
      "a kernel without a middle",
      dataSpec([1, 8, 8]),
      { kernel: 4 },
      "kernel: a pixel is in the middle of it, got 4, expected an odd number",
    ],
    [
      "symbols as binary",
      symbols(8, [4, 4]),
      {},
      "likelihood: the data are 8 symbols, which have no order, got bernoulli, expected categorical",
    ],
    [
      "classes of data without",
      dataSpec([1, 4, 4]),
      { conditional: true },
      "model: it is conditioned on labels, got data without, expected labeled data, such as digits, or a table with --condition COLUMN, or a folder of images for each class",
    ],
    [
      "symbols on no grid as a condition",
      symbols(3, [2, 2], { fields: [{ name: "top", kind: "numbers", shape: [4], symbols: 5 }] }),
      { likelihood: "categorical", fields: ["top"] },
      "fields: a condition of symbols is a grid, got top of shape [4], expected [height, width] or [channels, height, width]",
    ],
  ])("%s", (_, data, config, message) => {
    expect(() => built(data, config)).toThrow(new ConfigError(message));
  });
});
