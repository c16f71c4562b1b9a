import { describe, expect, test } from "vitest";
import { z } from "zod";
import { dataSpec } from "../../data/spec.ts";
import { evaluate } from "../../graph/evaluate.ts";
import { sizeOf } from "../../graph/shape.ts";
import { Input, type Tensor } from "../../graph/tensor.ts";
import { type Value, value } from "../../graph/value.ts";
import { parameters } from "../../nn/module.ts";
import { CategoryEmbeddings } from "./category-embeddings.ts";
import type { ColumnSpec, DataSpec } from "../model.ts";
import { registry } from "../registry.ts";

const columns: readonly ColumnSpec[] = [
  { name: "age", kind: "number" },
  { name: "city", kind: "category", values: ["Bern", "Oslo", "Rome"] },
  { name: "size", kind: "number" },
  { name: "share", kind: "number" },
  { name: "street", kind: "category", values: Array.from({ length: 300 }, (_, i) => `street ${i}`) },
];
const width = 1 + 3 + 2 + 300;

describe("a row with embedded categories", () => {
  test("holds its numbers as they are and a row of each table, and what comes after the columns", () => {
    const embeddings = new CategoryEmbeddings(columns, width + 4);
    expect(embeddings.tables.map(({ weight }) => weight.shape)).toEqual([
      [2, 3],
      [50, 300],
    ]);
    expect(embeddings.outDim).toBe(1 + 2 + 2 + 50 + 4);
    const row = new Float32Array(width + 4);
    row.set([0.5, 0, 0, 1, -1, 2]);
    row[6 + 123] = 1;
    row.set([7, 8, 9, 10], width);
    const x = new Input("x", [1, width + 4]);
    const given = new Map<Tensor, Value>([[x, value("float32", x.shape, row)]]);
    for (const { weight } of embeddings.tables) {
      const values = Array.from({ length: weight.shape[0]! * weight.shape[1]! }, (_, i) => i / 8);
      given.set(weight, value("float32", weight.shape, values));
    }
    const [found] = evaluate([embeddings.apply(x)], given);
    const street = Array.from({ length: 50 }, (_, d) => (300 * d + 123) / 8);
    expect(Array.from(found!.data)).toEqual([0.5, 2 / 8, 5 / 8, -1, 2, ...street, 7, 8, 9, 10]);
  });
});

test("a row of columns alone becomes its numbers and vectors", () => {
  const embeddings = new CategoryEmbeddings(columns, width);
  expect(embeddings.outDim).toBe(1 + 2 + 2 + 50);
  expect(embeddings.apply(new Input("x", [3, width])).shape).toEqual([3, 55]);
});

const dataOf = (shape: readonly number[], of: readonly ColumnSpec[]): DataSpec =>
  dataSpec(shape, { columns: of, fields: [{ name: "class", kind: "class", classes: ["a", "b"] }], size: 100 });
const keysOf = (config: z.ZodType): readonly string[] =>
  Object.keys(z.toJSONSchema(config, { io: "input" }).properties ?? {});
const tabular = registry.filter(({ config }) => keysOf(config).includes("categories"));

test.each(tabular.map((definition) => [definition.name, definition] as const))("%s may embed them", (_, definition) => {
  const { config } = definition;
  const likelihood = keysOf(config).includes("likelihood") ? { likelihood: "columns" } : { loss: "l2" };
  const build = (settings: object, data = dataOf([width], columns)) =>
    definition.build(config.parse({ ...likelihood, ...settings }), data);
  const size = (settings: object): number =>
    [...parameters(build(settings)).values()].reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  expect(size({ categories: "embedded" })).toBeLessThan(size({}));
  expect(() => build({ categories: "embedded" }, dataOf([4], [columns[0]!]))).toThrow(
    "categories: embedded is for tables with categories, got examples without any, expected one-hot",
  );
});
