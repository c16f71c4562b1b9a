import { expect, test } from "vitest";
import { numbersOf } from "../../../test/values.ts";
import { type DataSpec, dataSpec } from "../../data/spec.ts";
import { constant } from "../../graph/tensor.ts";
import { symbolCoding } from "./symbol-coding.ts";

const category = (name: string, count: number) =>
  ({ name, kind: "category", values: Array.from({ length: count }, (_, k) => `${k}`) }) as const;
const codes = dataSpec([2, 3], { kind: "codes", range: null, symbols: 7 });
const table = dataSpec([5], { kind: "table", range: null, columns: [category("a", 2), category("b", 3)] });

test.each<[string, DataSpec, { levels: number; patch: number }, readonly number[], readonly number[]]>([
  ["codes in raster order", codes, { levels: 2, patch: 1 }, [0, 6, 3, 1, 2, 5], [0, 6, 3, 1, 2, 5]],
  ["binary values", dataSpec([3]), { levels: 2, patch: 1 }, [1, 0, 1], [1, 0, 1]],
  ["levels", dataSpec([4]), { levels: 256, patch: 1 }, [0, 1, 128 / 255, 37 / 255], [0, 255, 128, 37]],
  ["columns", table, { levels: 2, patch: 1 }, [0, 1, 0, 0, 1], [1, 2]],
  // The first pixel of a square counts least: 1 + 2 * 0 + 4 * 1 + 8 * 1 on the left.
  ["squares", dataSpec([1, 2, 4]), { levels: 2, patch: 2 }, [1, 0, 0, 1, 1, 1, 0, 0], [13, 2]],
  // Three levels of three channels.
  ["colors", dataSpec([3, 1, 2]), { levels: 3, patch: 1 }, [0, 1, 0.5, 0, 1, 0.5], [0, 2, 1, 0, 2, 1]],
])("%s are symbols, and examples again", (_, data, config, x, symbols) => {
  const coding = symbolCoding("model", config, data);
  expect(coding.length).toBe(symbols.length);
  const examples = constant(x, [1, ...data.shape]);
  expect(numbersOf(coding.toSymbols(examples))).toEqual(symbols);
  const again = coding.toExamples(constant(symbols, [1, symbols.length], "int64"));
  expect(again.shape).toEqual(examples.shape);
  numbersOf(again).forEach((v, i) => expect(v).toBeCloseTo(x[i]!, 6));
});

test("every symbol of a square of colored pixels has pixels of its own", () => {
  const coding = symbolCoding("model", { levels: 2, patch: 2 }, dataSpec([3, 2, 2]));
  expect(coding.symbols).toBe(4096);
  const all = constant([...Array(4096).keys()], [4096, 1], "int64");
  expect(numbersOf(coding.toSymbols(coding.toExamples(all)))).toEqual([...Array(4096).keys()]);
});

test("a position is covered by a mask where any of its values is", () => {
  const squares = symbolCoding("model", { levels: 2, patch: 2 }, dataSpec([1, 2, 4]));
  expect(numbersOf(squares.covered(constant([0, 0, 0, 0, 0, 1, 0, 0], [1, 1, 2, 4])))).toEqual([1, 0]);
  const columns = symbolCoding("model", { levels: 2, patch: 1 }, table);
  expect(columns.counts).toEqual([2, 3]);
  expect(numbersOf(columns.covered(constant([0, 0, 1, 1, 1], [1, 5])))).toEqual([0, 1]);
});
