import { describe, expect, test } from "vitest";
import { normalQuantile } from "../../../normal-quantile.ts";
import type { NumberColumn } from "../column.ts";
import { fromModel, modelMapping, quantileAt } from "./number-scaling.ts";

/** A column of these values, as it is read: quantiles at 1000 steps at most. */
function columnOf(values: readonly number[]): NumberColumn {
  const sorted = values.toSorted((a, b) => a - b);
  const steps = Math.min(1000, sorted.length - 1);
  const quantiles = Array.from({ length: steps + 1 }, (_, i) => sorted[Math.round((i * (sorted.length - 1)) / steps)]!);
  const mean = values.reduce((a, b) => a + b) / values.length;
  const std = Math.sqrt(values.reduce((a, v) => a + (v - mean) ** 2, 0) / values.length);
  const [min, max] = [sorted[0]!, sorted.at(-1)!];
  return { name: "x", kind: "number", mean, std, min, max, decimals: 3, quantiles, scaling: "quantile" };
}

/** Log-normal: the 5000 quantiles of exp(y). */
const skewed = columnOf(Array.from({ length: 5000 }, (_, i) => Math.exp(normalQuantile((i + 0.5) / 5000))));
/** Nine in ten are 0. */
const zeros = columnOf(Array.from({ length: 2000 }, (_, i) => (i % 10 === 0 ? 1 + i : 0)));
const few = columnOf([1, 5, 6, 7, 20, 21, 22, 30, 31]);
const two = columnOf([3, 4]);

describe.each([
  ["skewed", skewed],
  ["nine in ten 0", zeros],
  ["nine rows", few],
  ["two rows", two],
])("numbers by their quantiles: %s", (_, column) => {
  const mapping = modelMapping(column);
  const { min, max } = column;
  const span = max - min;

  test("the map rises, beyond the range too", () => {
    const values = Array.from({ length: 401 }, (__, i) => min - span + (i / 400) * 3 * span);
    const mapped = values.map(mapping);
    mapped.slice(1).forEach((x, i) => expect(x).toBeGreaterThan(mapped[i]! - 1e-12));
    expect(mapping(max + 0.001 * span)).toBeGreaterThan(mapping(max));
    expect(mapping(min - 0.001 * span)).toBeLessThan(mapping(min));
  });

  test("and is inverted, as float32 numbers too: at the ends, within, and beyond", () => {
    for (const value of [min, max, ...column.quantiles!.slice(1, -1), min - 3 * span, max + 3 * span, max + 1e-3])
      for (const [of, digits] of [
        [(x: number) => x, 1e-9],
        [Math.fround, 1e-5],
      ] as const)
        expect(Math.abs(fromModel(column, of(mapping(value))) - value)).toBeLessThan(digits * (span + Math.abs(value)));
  });

  test("the ends are as far out as the number of quantiles tells", () => {
    const end = normalQuantile(1 - 0.5 / column.quantiles!.length);
    // Of equal values, the middle rank.
    const ends = column === zeros ? [mapping(max)] : [-mapping(min), mapping(max)];
    for (const x of ends) expect(x).toBeCloseTo(end, 9);
    expect(fromModel(column, end)).toBeCloseTo(max, 9);
    expect(fromModel(column, -end)).toBeCloseTo(min, 9);
  });
});

test("log-normal numbers become normal ones", () => {
  const mapping = modelMapping(skewed);
  for (const p of [0.01, 0.1, 0.3, 0.5, 0.8, 0.95, 0.99])
    expect(mapping(Math.exp(normalQuantile(p)))).toBeCloseTo(normalQuantile(p), 1);
});

test("a value far beyond the training range is far out for a model", () => {
  const mapping = modelMapping(skewed);
  expect(mapping(1e7)).toBeGreaterThan(1e5);
  // In units of how far apart the outermost 5 % lie, as a normal variable has them.
  const [tail, max] = [quantileAt(skewed.quantiles!, 0.95), skewed.max];
  const reach = mapping(max) - mapping(tail);
  expect(mapping(max + (max - tail)) - mapping(max)).toBeCloseTo(reach, 6);
  expect(mapping(skewed.max + 2)).toBeGreaterThan(mapping(skewed.max + 1));
});

test("quantiles are between ranks by a straight line, from the least to the greatest", () => {
  expect([0, 0.125, 0.25, 1].map((p) => quantileAt(few.quantiles!, p))).toEqual([1, 5, 6, 31]);
  expect(quantileAt([0, 10], 0.3)).toBeCloseTo(3, 12);
});
