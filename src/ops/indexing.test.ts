import { describe, expect, test } from "vitest";
import { float64, numbersOf } from "../../test/values.ts";
import { constant, evaluate, Input, type Value, value } from "../graph/index.ts";
import { compute } from "../runtime/compute.ts";
import { cpuDevice } from "../runtime/node.ts";
import { addAlongAxis, gather, oneHot, scatterAdd, sort, topK } from "./index.ts";

const indices = (data: readonly number[], shape: readonly number[] = [data.length]) => constant(data, shape, "int64");

// Expected numbers: PyTorch 2.13, index_add, scatter_add and topk.
describe("scatterAdd and addAlongAxis", () => {
  test("repeated rows accumulate", () => {
    const y = scatterAdd(float64([1, 2, 3, 4, 5, 6], [3, 2]), indices([3, 0, 3]), 0, 4);
    expect(numbersOf(y)).toEqual([3, 4, 0, 0, 0, 0, 6, 8]);
  });
  test("repeated elements accumulate", () => {
    const y = addAlongAxis(float64([1, 2, 3, 4, 5, 6], [2, 3]), indices([2, 0, 2, 1, 1, 1], [2, 3]), 1, 3);
    expect(numbersOf(y)).toEqual([2, 0, 4, 0, 15, 0]);
  });
  test("no update is lost where many rows go to few places, on any number of threads", async () => {
    const [rows, width, size] = [8192, 256, 512];
    const updates = new Input("updates", [rows, width]);
    const at = new Input("at", [rows], "int64");
    const leaves = new Map<Input, Value>([
      [
        updates,
        value(
          "float32",
          updates.shape,
          Float64Array.from({ length: rows * width }, (_, i) => i % 7),
        ),
      ],
      [
        at,
        value(
          "int64",
          at.shape,
          Float64Array.from({ length: rows }, (_, i) => (i * 31) % size),
        ),
      ],
    ]);
    const y = scatterAdd(updates, at, 0, size);
    const [expected] = evaluate([y], leaves);
    for (const threads of [1, 4]) {
      const [got] = await compute(await cpuDevice(threads), [y], leaves);
      expect(Buffer.compare(Buffer.from(got!.data.buffer), Buffer.from(expected!.data.buffer))).toBe(0);
    }
  });
});

test("gather and oneHot pick the same rows", () => {
  const table = float64([1, 2, 3, 4, 5, 6], [3, 2]);
  const rows = indices([2, 0, 2]);
  expect(numbersOf(gather(table, rows))).toEqual([5, 6, 1, 2, 5, 6]);
  expect(numbersOf(oneHot(rows, 3, "float64").matmul(table))).toEqual([5, 6, 1, 2, 5, 6]);
});

describe("topK and sort", () => {
  const x = float64([3, 1, 2, 5, 0, -1, 4, 7], [2, 4]);
  test("give values in order and where they were", () => {
    const { values, indices } = topK(x, 2);
    expect(numbersOf(values)).toEqual([5, 3, 7, 4]);
    expect(numbersOf(indices)).toEqual([3, 0, 3, 2]);
    expect(numbersOf(sort(x))).toEqual([1, 2, 3, 5, -1, 0, 4, 7]);
  });
  test("the first of equal elements comes first", () => {
    expect(numbersOf(topK(float64([1, 2, 2, 1]), 4).indices)).toEqual([1, 2, 0, 3]);
    expect(numbersOf(topK(float64([1, 2, 2, 1]), 4, 0, { largest: false }).indices)).toEqual([0, 3, 1, 2]);
  });
});
