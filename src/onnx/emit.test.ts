import { beforeAll, describe, expect, test } from "vitest";
import { constant, Input, type Tensor, value } from "../graph/index.ts";
import { exp, floor, matmul, mul, sum, topK, transpose } from "../ops/index.ts";
import { compute } from "../runtime/compute.ts";
import type { Device } from "../runtime/device.ts";
import { cpuDevice } from "../runtime/node.ts";
import { toOnnx } from "./emit.ts";

const x = new Input("x", [3]);
const unread = new Input("unread", [3]);
const modelOf = (...roots: Tensor[]) =>
  toOnnx({
    inputs: new Map([
      [x, "x"],
      [unread, "unread"],
    ]),
    outputs: new Map(roots.map((t, i) => [`y${i}`, t])),
    target: { kind: "cpu" },
  });

describe("toOnnx", () => {
  test("leaves out inputs that no output depends on", () => {
    expect(modelOf(exp(x)).inputs).toEqual(["x"]);
    expect(modelOf(constant([1, 2, 3], [3])).inputs).toEqual([]);
  });
  test("writes equal nodes once", () => {
    expect(modelOf(exp(x), mul(exp(x), exp(x))).nodes).toBe(2);
    const { values, indices } = topK(x, 2);
    expect(modelOf(values, indices).nodes).toBe(1);
  });
  test("is the same bytes each time", () => {
    const build = (): Uint8Array => modelOf(sum(mul(exp(x), constant([1, 2, 3], [3])))).bytes;
    expect(Buffer.compare(build(), build())).toBe(0);
  });
  test("names a leaf that was not given", () => {
    expect(() => modelOf(exp(new Input("z", [2])))).toThrow(/Input of shape \[2\]/u);
  });
});

describe("a model's outputs", () => {
  let cpu: Device;
  beforeAll(async () => {
    cpu = await cpuDevice();
  });
  const fed = new Map([[x, value("float32", [3], [1.5, -2, 3])]]);

  test("may be an input, a constant, or one tensor under two names", async () => {
    const y = floor(x);
    const results = await compute(cpu, [x, constant([4, 5], [2]), y, y], fed);
    expect(results.map((v) => Array.from(v.data))).toEqual([
      [1.5, -2, 3],
      [4, 5],
      [1, -2, 3],
      [1, -2, 3],
    ]);
  });
  test("may be read by other outputs", async () => {
    const y = mul(x, x);
    const [a, b] = await compute(cpu, [y, sum(y)], fed);
    expect([Array.from(a!.data), Array.from(b!.data)]).toEqual([[2.25, 4, 9], [15.25]]);
  });
  test("keep every dtype and the sign of zero", async () => {
    const constants = [
      constant([2 ** 40, -1], [2], "int64"),
      constant([1, 0], [2], "bool"),
      constant([0.1], [1], "float64"),
      constant([-0, 0], [2]),
    ];
    const results = await compute(cpu, constants);
    expect(results.map((v) => [v.dtype, Array.from(v.data)])).toEqual([
      ["int64", [2 ** 40, -1]],
      ["bool", [1, 0]],
      ["float64", [0.1]],
      ["float32", [-0, 0]],
    ]);
  });
});

test("a model's work counts the multiplications of products and the elements of everything else", () => {
  const [a, w] = [new Input("a", [5, 3]), new Input("w", [4, 3])];
  const { work } = toOnnx({
    inputs: new Map([
      [a, "a"],
      [w, "w"],
    ]),
    outputs: new Map([["y", exp(matmul(a, transpose(w)))]]),
    target: { kind: "webgpu" },
  });
  expect(work).toBe(5 * 3 * 4 + 5 * 4);
});
