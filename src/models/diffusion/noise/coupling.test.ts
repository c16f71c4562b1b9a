import { expect, test } from "vitest";
import { evaluate } from "../../../graph/evaluate.ts";
import { constant, type Tensor } from "../../../graph/tensor.ts";
import { stream } from "../../../random/index.ts";
import { noiseValues } from "../../../../test/noise-values.ts";
import { couplings, transportPlan } from "./coupling.ts";

const random = stream(0, "coupling");
const normals = (shape: readonly [number, number], mean = 0, dtype: "float32" | "float64" = "float64"): Tensor =>
  constant(
    Array.from({ length: shape[0] * shape[1] }, () => mean + random.normal()),
    shape,
    dtype,
  );

test("the plan moves all of both sides", () => {
  const n = 24;
  const [found] = evaluate([transportPlan(normals([n, 2], 1), normals([n, 2]))]);
  const plan = Array.from(found!.data);
  const total = plan.reduce((sum, v) => sum + v, 0) / n;
  for (let i = 0; i < n; i++) {
    const row = plan.slice(i * n, (i + 1) * n).reduce((sum, v) => sum + v, 0);
    const column = plan.filter((_, k) => k % n === i).reduce((sum, v) => sum + v, 0);
    expect(Math.abs(row / total - 1)).toBeLessThan(0.3);
    expect(Math.abs(column / total - 1)).toBeLessThan(1e-6);
  }
});

test("on a line most of the plan is between points of equal rank, the exact solution there", () => {
  const n = 16;
  const points = (scale: number): Tensor =>
    constant(
      Array.from({ length: n }, (_, i) => scale * (i - (n - 1) / 2)),
      [n, 1],
      "float64",
    );
  const [found] = evaluate([transportPlan(points(2), points(1))]);
  const plan = Array.from(found!.data);
  for (let i = 0; i < n; i++) {
    const row = plan.slice(i * n, (i + 1) * n);
    expect(row.indexOf(Math.max(...row))).toBe(i);
  }
});

test("coupled noise is nearer to the examples than independent noise, and as large", () => {
  const n = 200;
  const x = normals([n, 2], 0, "float32");
  const distances = (["independent", "optimal-transport"] as const).map((name) => {
    const noise = couplings[name](x);
    const [drawn, examples] = evaluate([noise, x], noiseValues([noise], 3)).map(({ data }) => Array.from(data));
    const squares = (values: readonly number[]): number => values.reduce((sum, v) => sum + v * v, 0) / n;
    return { apart: squares(drawn!.map((v, i) => v - examples![i]!)), size: squares(drawn!) };
  });
  expect(distances[0]!.apart).toBeGreaterThan(3);
  expect(distances[1]!.apart).toBeLessThan(1);
  expect(Math.abs(distances[1]!.size - 2)).toBeLessThan(0.5);
});

test("rows of a source are paired as they are, any with any, or near ones", () => {
  const rows = 64;
  const x = normals([rows, 2], 0, "float32");
  const source = normals([rows, 2], 5, "float32");
  const of = (name: keyof typeof couplings): number[] => {
    const found = couplings[name](x, source);
    return Array.from(evaluate([found], noiseValues([found], 2))[0]!.data, Number);
  };
  const [paired, independent, near] = [of("paired"), of("independent"), of("optimal-transport")];
  const values = evaluate([x, source]).map(({ data }) => Array.from(data, Number));
  const pairsOf = (found: readonly number[]): string[] =>
    Array.from({ length: rows }, (_, i) => found.slice(2 * i, 2 * i + 2).join());
  const own = pairsOf(values[1]!);
  expect(pairsOf(paired)).toEqual(own);
  for (const found of [independent, near]) expect(pairsOf(found).every((row) => own.includes(row))).toBe(true);
  expect(pairsOf(independent)).not.toEqual(own);
  const distance = (found: readonly number[]): number =>
    found.reduce((sum, v, i) => sum + (v - values[0]![i]!) ** 2, 0) / rows;
  // |x - s|^2 is 2 * 25 + 4 on average where they are independent, and 2 * 25 at best.
  expect(Math.abs(distance(independent) - 54)).toBeLessThan(5);
  expect(distance(near)).toBeLessThan(distance(independent) - 2);
});
