import { describe, expect, test } from "vitest";
import { add, matmul, mul, transpose } from "../ops/index.ts";
import { evaluate, fuse, Input, type Tensor, topologicalOrder, type Value, value } from "./index.ts";

const a = new Input("a", [3, 4], "float64");
const b = new Input("b", [4, 2], "float64");
const aT = new Input("aT", [4, 3], "float64");
const bT = new Input("bT", [2, 4], "float64");
const row = new Input("row", [2], "float64");
const full = new Input("full", [3, 2], "float64");
const column = new Input("column", [3, 1], "float64");
const leaves = new Map<Tensor, Value>(
  [a, b, aT, bT, row, full, column].map((t, k) => [
    t,
    value(
      "float64",
      t.shape,
      Float64Array.from({ length: t.size }, (_, i) => Math.cos(i * 1.7 + k)),
    ),
  ]),
);
const opsOf = (roots: readonly Tensor[]): string[] =>
  topologicalOrder(roots).flatMap((t) => (t.inputs.length > 0 ? [t.op.name] : []));

describe("a 2-D product becomes one Gemm with equal numbers", () => {
  test.each<[string, Tensor, string[]]>([
    ["alone", matmul(a, b), ["Gemm"]],
    ["transposed left", matmul(transpose(aT), b), ["Gemm"]],
    ["transposed right", matmul(a, transpose(bT)), ["Gemm"]],
    ["transposed both", matmul(transpose(aT), transpose(bT)), ["Gemm"]],
    ["with a bias", add(matmul(a, b), row), ["Gemm"]],
    ["with a bias on the left", add(row, matmul(a, b)), ["Gemm"]],
    ["with a full addend", add(matmul(a, b), full), ["Gemm"]],
    ["scaled", mul(matmul(a, b), 0.5), ["Gemm"]],
    ["scaled, transposed and biased", add(mul(matmul(transpose(aT), transpose(bT)), 3), row), ["Gemm"]],
    ["two products added", add(matmul(a, b), matmul(transpose(aT), b)), ["Gemm", "Gemm"]],
  ])("%s", (_, y, expected) => {
    const fused = fuse([y]);
    expect(opsOf(fused)).toEqual(expected);
    const [plain, got] = evaluate([y, fused[0]!], leaves);
    plain!.data.forEach((v, i) => expect(got!.data[i]).toBeCloseTo(v, 13));
  });

  test("unless something else reads the product", () => {
    const product = matmul(a, b);
    const fused = fuse([add(product, row), product]);
    expect(opsOf(fused)).toEqual(["Gemm", "Add"]);
    const plain = evaluate([add(product, row), product], leaves);
    evaluate(fused, leaves).forEach((v, i) => expect(v.data).toEqual(plain[i]!.data));
  });

  test("and not beyond two dimensions", () => {
    const batch = new Input("batch", [5, 3, 4], "float64");
    expect(opsOf(fuse([matmul(batch, b)]))).toEqual(["MatMul"]);
  });

  test("a column of biases broadcasts along rows", () => {
    const y = add(matmul(a, b), column);
    const [plain, got] = evaluate([y, fuse([y])[0]!], leaves);
    plain!.data.forEach((v, i) => expect(got!.data[i]).toBeCloseTo(v, 13));
  });
});
