import { describe, expect, test } from "vitest";
import { stream } from "../../../random/index.ts";
import type { Column } from "../column.ts";
import { POOL, withDataMarginals } from "./data-marginals.ts";
import { fromModel } from "./number-scaling.ts";

const count = 4000;
/** Exponential, whatever the model makes of it. */
const quantiles = Array.from({ length: 1001 }, (_, i) => -Math.log(1 - (i + 0.5) / 1002));
const columns: readonly Column[] = [
  { name: "pay", kind: "number", mean: 1, std: 1, min: quantiles[0]!, max: quantiles[1000]!, decimals: 9, quantiles },
  { name: "sex", kind: "category", values: ["f", "m"], frequencies: [0.3, 0.7] },
  { name: "job", kind: "category", values: ["a", "b", "c"], frequencies: [0.1, 0.25, 0.65] },
  { name: "id", kind: "number", mean: 0, std: 1, min: -9e9, max: 9e9, decimals: 0 },
];
const width = 7;

/** Rows of a model with other marginals, whose pay depends on the job; the last number counts them. */
function pool(jobs: readonly number[]): Float32Array {
  const random = stream(1, "pool");
  const rows = new Float32Array(POOL * count * width);
  for (let row = 0; row < POOL * count; row++) {
    const u = random.uniform();
    const job = u < jobs[0]! ? 0 : u < jobs[0]! + jobs[1]! ? 1 : 2;
    rows[row * width] = 0.3 * random.normal() + 0.5 * job;
    rows[row * width + 1 + Number(random.uniform() < 0.5)] = 1;
    rows[row * width + 3 + job] = 1;
    rows[row * width + 6] = row;
  }
  return rows;
}
function corrected(from: Float32Array): Float32Array {
  const random = stream(2, "corrected");
  return withDataMarginals(columns, from, { count, uniform: () => random.uniform() });
}
const column = (rows: Float32Array, at: number): number[] =>
  Array.from({ length: rows.length / width }, (_, row) => rows[row * width + at]!);
const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
describe("rows with the data's marginals", () => {
  const from = pool([0.25, 0.35, 0.4]);
  const rows = corrected(from);

  test("have the data's frequencies of every category", () => {
    for (const [at, frequency] of [0.3, 0.7, 0.1, 0.25, 0.65].entries())
      expect(Math.abs(mean(column(rows, 1 + at)) - frequency), `category ${at}`).toBeLessThan(2 / count);
  });

  test("have the data's quantiles", () => {
    const values = column(rows, 0)
      .map((x) => fromModel(columns[0] as Extract<Column, { kind: "number" }>, x))
      .toSorted((a, b) => a - b);
    for (const p of [0.01, 0.1, 0.5, 0.9, 0.99])
      expect(Math.abs(1 - Math.exp(-values[Math.floor(p * count)]!) - p)).toBeLessThan(2 / 1000);
    expect(values[0]).toBeGreaterThanOrEqual(quantiles[0]! - 1e-6);
    expect(values.at(-1)).toBeLessThanOrEqual(quantiles[1000]! + 1e-5);
  });

  test("are rows of the model, none of them twice", () => {
    const ids = column(rows, 6);
    expect(new Set(ids).size).toBe(count);
    rows.forEach((v, i) => {
      if (i % width > 0) expect(v).toBe(from[ids[Math.floor(i / width)]! * width + (i % width)]);
    });
  });

  test("keep the order of their numbers, and so their rank correlations", () => {
    const [after, before] = [column(rows, 0), column(rows, 6).map((id) => from[id * width]!)];
    const order = Array.from(before.keys()).toSorted((a, b) => before[a]! - before[b]!);
    order.slice(1).forEach((row, i) => {
      const last = order[i]!;
      // Equal numbers may come in any order.
      if (before[last]! < before[row]!) expect(after[row]).toBeGreaterThanOrEqual(after[last]!);
    });
  });

  test("of one random sequence are the same", () => {
    expect(corrected(from)).toEqual(rows);
  });
});

test("a category that the model never makes leaves the others as they are", () => {
  const rows = corrected(pool([0, 0.5, 0.5]));
  expect(mean(column(rows, 3))).toBe(0);
  expect(Math.abs(mean(column(rows, 4)) - 0.25 / 0.9)).toBeLessThan(2 / count);
  expect(Math.abs(mean(column(rows, 1)) - 0.3)).toBeLessThan(2 / count);
});

test("a category that is rare in the model is as frequent as its rows allow, once each", () => {
  const from = pool([0.01, 0.01, 0.98]);
  const rows = corrected(from);
  expect(new Set(column(rows, 6)).size).toBe(count);
  const made = column(from, 3).filter((one) => one === 1).length;
  expect(column(rows, 3).filter((one) => one === 1).length).toBeGreaterThan(0.9 * made);
});

test("a tie is broken at random: a model that gives one number gets all of the data's", () => {
  const from = pool([0.25, 0.35, 0.4]);
  for (let row = 0; row < POOL * count; row++) from[row * width] = 0;
  const rows = corrected(from);
  const pay = column(rows, 0).toSorted((a, b) => a - b);
  expect(pay[Math.floor(0.9 * count)]! - pay[Math.floor(0.1 * count)]!).toBeGreaterThan(2);
  // Not in the order of the rows.
  const [first, second] = [column(rows, 0).slice(0, count / 2), column(rows, 0).slice(count / 2)];
  expect(Math.abs(mean(first) - mean(second))).toBeLessThan(0.15);
});

test("a category of less than one row in each set is in some of them", () => {
  const rare: Column = { name: "rare", kind: "category", values: ["x", "y"], frequencies: [0.002, 0.998] };
  const random = stream(3, "rare");
  const from = Float32Array.from({ length: 2 * POOL * 100 }, (_, i) => Number(i % 2 === Number(i % 16 !== 0)));
  // A fifth of a row in each of 400 sets.
  let found = 0;
  for (let set = 0; set < 400; set++) {
    const rows = withDataMarginals([rare], from, { count: 100, uniform: () => random.uniform() });
    found += rows.filter((v, i) => i % 2 === 0 && v === 1).length;
  }
  expect(found / 400).toBeGreaterThan(0.15);
  expect(found / 400).toBeLessThan(0.25);
});
