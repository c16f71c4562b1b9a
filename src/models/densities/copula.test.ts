import { beforeAll, describe, expect, test } from "vitest";
import { noiseValues } from "../../../test/noise-values.ts";
import { type ColumnSpec, dataSpec } from "../../data/spec.ts";
import { ConfigError } from "../../errors.ts";
import { evaluate } from "../../graph/evaluate.ts";
import { value } from "../../graph/value.ts";
import { evaluation } from "../../nn/context.ts";
import { parameters, variables } from "../../nn/module.ts";
import { normalProbability } from "../../normal-quantile.ts";
import { stream } from "../../random/index.ts";
import { samplerOf } from "../sampler.ts";
import { copula } from "./copula.ts";

const number = (name: string): ColumnSpec => ({ name, kind: "number" });
const category = (name: string, count: number): ColumnSpec => ({
  name,
  kind: "category",
  values: Array.from({ length: count }, (_, k) => `${name}${k}`),
});

/** A copula that is fitted to rows, [count, width], fed some at a time. */
async function fitted(rows: Float32Array, width: number, columns: readonly ColumnSpec[] | undefined) {
  const model = copula.build({}, dataSpec([width], { range: null, ...(columns && { columns }) }));
  const size = rows.length / width;
  const solution = await model.solve!({
    count: size,
    total: () => Promise.reject(new Error("one pass over the values is all")),
    visit(each) {
      for (let first = 0; first < size; first += 777) each(rows.subarray(first * width), Math.min(777, size - first));
    },
  });
  return { model, solution };
}

/** What it has found of a variable. */
const found = ({ model, solution }: Awaited<ReturnType<typeof fitted>>, name: string): Float32Array =>
  solution.get(variables(model).get(name)!)!;

/** Samples of it. */
async function sampled(
  rows: Float32Array,
  width: number,
  columns: readonly ColumnSpec[] | undefined,
  count: number,
): Promise<Float32Array> {
  const { model, solution } = await fitted(rows, width, columns);
  const sampler = samplerOf(model)!;
  const x = sampler.finish(sampler.start(count, {}, evaluation), {}, evaluation);
  const values = new Map([...solution].map(([v, data]) => [v, value("float32", v.shape, data)] as const));
  return Float32Array.from(evaluate([x], new Map([...values, ...noiseValues([x], 5)]))[0]!.data);
}

const columnOf = (rows: Float32Array, width: number, at: number): Float64Array =>
  Float64Array.from({ length: rows.length / width }, (_, row) => rows[row * width + at]!);
const mean = (values: ArrayLike<number>): number => Array.from(values).reduce((a, b) => a + b, 0) / values.length;
function correlation(x: Float64Array, y: Float64Array): number {
  const [mx, my] = [mean(x), mean(y)];
  const product = (a: Float64Array, ma: number, b: Float64Array, mb: number): number =>
    mean(a.map((v, i) => (v - ma) * (b[i]! - mb)));
  return product(x, mx, y, my) / Math.sqrt(product(x, mx, x, mx) * product(y, my, y, my));
}
/** sup |F - G| of two samples. */
function distance(a: Float64Array, b: Float64Array): number {
  const [x, y] = [a.toSorted(), b.toSorted()];
  return Math.max(
    ...[...x, ...y].map((v) =>
      Math.abs(x.findLastIndex((u) => u <= v) / x.length - y.findLastIndex((u) => u <= v) / y.length),
    ),
  );
}

/**
 * Rows of a Gaussian copula: y ~ N(0, R) with R_01 = 0.6, R_02 = -0.3, R_12 = 0.4; exp(y_0), y_1^3, whether y_2 > 0.5, and a category of
 * three that is independent of them.
 */
const [r01, r02, r12, cut] = [0.6, -0.3, 0.4, 0.5];
const width = 7;
const columns = [number("a"), number("b"), category("c", 2), category("d", 3)];
function known(count: number): Float32Array {
  const random = stream(3, "copula");
  const l22 = Math.sqrt(1 - r01 ** 2);
  const l32 = (r12 - r01 * r02) / l22;
  const l33 = Math.sqrt(1 - r02 ** 2 - l32 ** 2);
  const rows = new Float32Array(count * width);
  for (let i = 0; i < count; i++) {
    const [e0, e1, e2] = [random.normal(), random.normal(), random.normal()];
    const y2 = r02 * e0 + l32 * e1 + l33 * e2;
    const [bit, kind] = [Number(y2 > cut), Math.floor(3 * random.uniform() ** 2)];
    rows.set([Math.exp(e0), (r01 * e0 + l22 * e1) ** 3], i * width);
    rows[i * width + 2 + bit] = 1;
    rows[i * width + 4 + kind] = 1;
  }
  return rows;
}

describe("a copula of rows of a known one", () => {
  const size = 20_000;
  let rows: Float32Array;
  let samples: Float32Array;
  beforeAll(async () => {
    rows = known(size);
    samples = await sampled(rows, width, columns, size);
  });
  const of = (at: number): Float64Array => columnOf(samples, width, at);

  test("has their marginals", () => {
    for (const at of [0, 1]) {
      const few = (values: Float64Array): Float64Array => values.subarray(0, 2000);
      // The Kolmogorov-Smirnov distance at which 2000 of each differ with a p-value of 0.01.
      expect(distance(few(of(at)), few(columnOf(rows, width, at)))).toBeLessThan(1.63 * Math.sqrt(2 / 2000));
      expect(Math.min(...of(at))).toBeGreaterThanOrEqual(Math.min(...columnOf(rows, width, at)));
      expect(Math.max(...of(at))).toBeLessThanOrEqual(Math.max(...columnOf(rows, width, at)));
    }
    for (let at = 2; at < width; at++) {
      const p = mean(columnOf(rows, width, at));
      expect(Math.abs(mean(of(at)) - p)).toBeLessThan(4 * Math.sqrt((p * (1 - p)) / size));
    }
  });

  test("gives one of each column's categories", () => {
    for (let row = 0; row < size; row++) {
      const example = samples.subarray(row * width, (row + 1) * width);
      expect([example.subarray(2, 4).toSorted().join(), example.subarray(4).toSorted().join()]).toEqual([
        "0,1",
        "0,0,1",
      ]);
    }
  });

  test("has their correlations, between numbers and beside a binary column", () => {
    const scores = [of(0).map(Math.log), of(1).map(Math.cbrt)] as const;
    expect(Math.abs(correlation(...scores) - r01)).toBeLessThan(0.02);
    // Of y_i and whether y_2 > c: R phi(c) / sqrt(Phi(c) Phi(-c)).
    const density = Math.exp(-(cut ** 2) / 2) / Math.sqrt(2 * Math.PI);
    const attenuation = density / Math.sqrt(normalProbability(cut) * normalProbability(-cut));
    const bit = of(3);
    expect(Math.abs(correlation(scores[0], bit) - r02 * attenuation)).toBeLessThan(0.02);
    expect(Math.abs(correlation(scores[1], bit) - r12 * attenuation)).toBeLessThan(0.02);
    for (const at of [0, 1, 3]) expect(Math.abs(correlation(of(at), of(4)))).toBeLessThan(0.03);
  });
});

test("columns that are one another's copies stay so: the correlation matrix is singular", async () => {
  const rows = known(2000);
  const twice = new Float32Array(4 * 2000);
  for (let i = 0; i < 2000; i++) {
    const a = rows[i * width]!;
    twice.set([a, -a, rows[i * width + 2]!, rows[i * width + 3]!], 4 * i);
  }
  const samples = await sampled(twice, 4, [number("a"), number("b"), category("c", 2)], 500);
  const [a, b] = [columnOf(samples, 4, 0), columnOf(samples, 4, 1)];
  a.forEach((v, i) => expect(Math.abs(v + b[i]!)).toBeLessThan(0.05 + 0.05 * Math.abs(v)));
});

test("a table of categories alone, and values that are no table", async () => {
  const bits = Float32Array.from({ length: 4000 }, (_, i) => Number(i % 4 < 2 === (i % 2 === 0)));
  const table = await sampled(bits, 2, [category("c", 2)], 300);
  expect(columnOf(table, 2, 0).every((v, i) => 1 === v + table[2 * i + 1]!)).toBe(true);
  const random = stream(1, "bits");
  const vectors = Float32Array.from({ length: 3 * 4000 }, () => Number(random.uniform() < 0.2));
  const samples = await sampled(vectors, 3, undefined, 4000);
  for (const at of [0, 1, 2]) expect(Math.abs(mean(columnOf(samples, 3, at)) - 0.2)).toBeLessThan(0.03);
});

test("a column of one value stays so, and the others as they are", async () => {
  const rows = known(3000);
  const values = new Float32Array(3 * 3000);
  for (let i = 0; i < 3000; i++) values.set([rows[i * width]!, 0.25, rows[i * width + 1]!], 3 * i);
  const samples = await sampled(values, 3, undefined, 2000);
  expect(columnOf(samples, 3, 1).every((v) => v === 0.25)).toBe(true);
  const scores = [columnOf(samples, 3, 0).map(Math.log), columnOf(samples, 3, 2).map(Math.cbrt)] as const;
  expect(Math.abs(correlation(...scores) - r01)).toBeLessThan(0.06);
});

test("frequencies of millions of rows do not suffer from rounding", async () => {
  // 1 row in 5 is of the last category.
  const count = 1_000_000;
  const rows = new Float32Array(2 * count);
  for (let i = 0; i < count; i++) rows[2 * i + Number(i % 5 === 0)] = 1;
  const samples = await sampled(rows, 2, [category("c", 2)], 60_000);
  expect(Math.abs(mean(columnOf(samples, 2, 1)) - 0.2)).toBeLessThan(4 * Math.sqrt(0.16 / 60_000));
});

// Halves have scores of +-phi(0) / (1/2), whose square is 2 / pi; of eight rows six agree: ((6 - 2) / 8 2 / pi) / (2 / pi)^2.
test.each([
  ["categories", (v: number): number[] => [1 - v, v], category("a", 2)],
  ["numbers", (v: number): number[] => [3 + 4 * v], number("a")],
] as const)(
  "halves that agree in three rows of four are correlated by pi / 4, as ties of %s are",
  async (_, of, column) => {
    const first = [0, 0, 0, 0, 1, 1, 1, 1];
    const second = [0, 0, 0, 1, 1, 1, 1, 0];
    const rows = first.map((v, i) => of(v).concat(1 - second[i]!, second[i]!));
    const factor = found(
      await fitted(Float32Array.from(rows.flat()), rows[0]!.length, [column, category("b", 2)]),
      "factor",
    );
    const product = (i: number, j: number): number =>
      factor[2 * i]! * factor[2 * j]! + factor[2 * i + 1]! * factor[2 * j + 1]!;
    expect(product(0, 1)).toBeCloseTo(Math.PI / 4, 6);
    expect([product(0, 0), product(1, 1)]).toEqual([expect.closeTo(1, 6), expect.closeTo(1, 6)]);
  },
);

test("a category has the part of [0, 1] that is its frequency, the last all above", async () => {
  const kinds = [2, 0, 2, 1, 2, 0, 2, 2];
  const rows = Float32Array.from({ length: 24 }, (_, at) => Number(kinds[Math.floor(at / 3)] === at % 3));
  const fit = await fitted(rows, 3, [category("c", 3)]);
  expect([...found(fit, "lower")]).toEqual([0, 2 / 8, 3 / 8]);
  expect([...found(fit, "upper")]).toEqual([2 / 8, 3 / 8, 2]);
});

test("nothing in it is trained by steps", () => {
  expect(parameters(copula.build({}, dataSpec([3]))).size).toBe(0);
});

test("of more than 2^20 rows evenly spaced ones are enough", async () => {
  const count = 2 ** 20 + 2;
  // Every second row: these are uniform on [0, 1], and the others are not read.
  const rows = Float32Array.from({ length: count }, (_, i) => (i % 2 === 0 ? i / (count - 2) : 5));
  const quantiles = found(await fitted(rows, 1, undefined), "quantiles");
  for (const at of [0, 100, 500, 1000]) expect(quantiles[at]).toBeCloseTo(at / 1000, 5);
});

test("too many columns are refused: their correlations are a full matrix", () => {
  expect(() => copula.build({}, dataSpec([3, 32, 32]))).toThrow(
    new ConfigError("copula: too many columns, got 3072, expected at most 2048"),
  );
});
