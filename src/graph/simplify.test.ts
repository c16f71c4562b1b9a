import { describe, expect, test } from "vitest";
import { abs, add, concat, div, exp, log, mul, neg, pad, pow, slice, sub, sum, where } from "../ops/index.ts";
import { ShapeError } from "../errors.ts";
import {
  Constant,
  constant,
  type ErasedOp,
  evaluate,
  Input,
  noise,
  sizeOf,
  Tensor,
  type Value,
  value,
} from "./index.ts";

const x = new Input("x", [2, 3], "float64");
const y = new Input("y", [2, 3], "float64");
const long = new Input("long", [12], "float64");
const row = new Input("row", [3], "float64");
const leaves = new Map<Tensor, Value>(
  [x, y, row].map((t, k) => [
    t,
    value(
      "float64",
      t.shape,
      Float64Array.from({ length: t.size }, (_, i) => Math.sin(1 + i * 2.3 + k) + 1.5),
    ),
  ]),
);
const literal = (op: (x: Tensor) => Tensor): ErasedOp => op(x).op;
/** The node itself, past every identity. */
const node = (op: ErasedOp, inputs: readonly Tensor[], attrs: Tensor["attrs"] = {}): Tensor =>
  new Tensor(op, inputs, attrs, op.infer(inputs, attrs));

const [addOp, subOp, mulOp, divOp, powOp] = [add, sub, mul, div, pow].map((f) => f(x, y).op) as [
  ErasedOp,
  ErasedOp,
  ErasedOp,
  ErasedOp,
  ErasedOp,
];
const negOp = literal(neg);
const transposeOp = literal((t) => t.transpose());
const reshapeOp = literal((t) => t.reshape([6]));
const broadcastOp = row.broadcastTo([2, 3]).op;
const sumOp = literal((t) => t.sum());
const matmulOp = x.matmul(y.transpose()).op;
const c = (v: number): Tensor => constant(v, [], "float64");

describe("an identity gives the cheaper node, and the same numbers", () => {
  const swap = { permutation: [1, 0] };
  const all = { axes: [0, 1], keepDims: false };
  test.each<[string, Tensor, () => Tensor, Tensor]>([
    ["x * 1", node(mulOp, [x, c(1)]), () => mul(x, 1), x],
    ["1 * x", node(mulOp, [c(1), x]), () => mul(1, x), x],
    ["x + 0", node(addOp, [x, c(0)]), () => add(x, 0), x],
    ["0 + x", node(addOp, [c(0), x]), () => add(0, x), x],
    ["x - 0", node(subOp, [x, c(0)]), () => sub(x, 0), x],
    ["0 - x", node(subOp, [c(0), x]), () => sub(0, x), neg(x)],
    ["x / 4", node(divOp, [x, c(4)]), () => div(x, 4), mul(x, 0.25)],
    ["x ^ 2", node(powOp, [x, c(2)]), () => pow(x, 2), mul(x, x)],
    ["x ^ 1", node(powOp, [x, c(1)]), () => pow(x, 1), x],
    ["x * -1", node(mulOp, [x, c(-1)]), () => mul(x, -1), neg(x)],
    ["-(-x)", node(negOp, [node(negOp, [x])]), () => neg(neg(x)), x],
    ["-(x - y)", node(negOp, [sub(x, y)]), () => neg(sub(x, y)), sub(y, x)],
    [
      "(2x)(3y): numbers move outwards",
      node(mulOp, [mul(x, 2), mul(y, 3)]),
      () => mul(mul(x, 2), mul(y, 3)),
      mul(mul(x, y), 6),
    ],
    ["(2x) * 3", node(mulOp, [mul(x, 2), c(3)]), () => mul(mul(x, 2), 3), mul(x, 6)],
    ["2x + 2y", node(addOp, [mul(x, 2), mul(y, 2)]), () => add(mul(x, 2), mul(y, 2)), mul(add(x, y), 2)],
    ["2x + -2y", node(addOp, [mul(x, 2), mul(y, -2)]), () => add(mul(x, 2), mul(y, -2)), mul(sub(x, y), 2)],
    ["-2x + 2y", node(addOp, [mul(x, -2), mul(y, 2)]), () => add(mul(x, -2), mul(y, 2)), mul(sub(y, x), 2)],
    ["-2x + -2y", node(addOp, [mul(x, -2), mul(y, -2)]), () => add(mul(x, -2), mul(y, -2)), mul(add(x, y), -2)],
    ["x + -y", node(addOp, [x, neg(y)]), () => add(x, neg(y)), sub(x, y)],
    ["x - -y", node(subOp, [x, neg(y)]), () => sub(x, neg(y)), add(x, y)],
    ["-x - y", node(subOp, [neg(x), y]), () => sub(neg(x), y), neg(add(x, y))],
    ["2x - -2y", node(subOp, [mul(x, 2), mul(y, -2)]), () => sub(mul(x, 2), mul(y, -2)), mul(add(x, y), 2)],
    ["-2x - 2y", node(subOp, [mul(x, -2), mul(y, 2)]), () => sub(mul(x, -2), mul(y, 2)), mul(add(x, y), -2)],
    ["x c + y c", node(addOp, [mul(x, row), mul(y, row)]), () => add(mul(x, row), mul(y, row)), mul(add(x, y), row)],
    ["x c - c y", node(subOp, [mul(x, row), mul(row, y)]), () => sub(mul(x, row), mul(row, y)), mul(sub(x, y), row)],
    ["(2x) / y", node(divOp, [mul(x, 2), y]), () => div(mul(x, 2), y), mul(div(x, y), 2)],
    ["x transposed twice", node(transposeOp, [x.transpose()], swap), () => x.transpose().transpose(), x],
    ["(2x) transposed", node(transposeOp, [mul(x, 2)], swap), () => mul(x, 2).transpose(), mul(x.transpose(), 2)],
    [
      "x reshaped twice",
      node(reshapeOp, [x.reshape([6])], { shape: [3, 2] }),
      () => x.reshape([6]).reshape([3, 2]),
      x.reshape([3, 2]),
    ],
    ["x reshaped back", node(reshapeOp, [x.reshape([6])], { shape: [2, 3] }), () => x.reshape([6]).reshape([2, 3]), x],
    [
      "x repeated into a product",
      node(mulOp, [x, row.broadcastTo([2, 3])]),
      () => mul(x, row.broadcastTo([2, 3])),
      mul(x, row),
    ],
    [
      "row repeated twice",
      node(broadcastOp, [row.broadcastTo([2, 3])], { shape: [4, 2, 3] }),
      () => row.broadcastTo([2, 3]).broadcastTo([4, 2, 3]),
      row.broadcastTo([4, 2, 3]),
    ],
    [
      "sum of repeats",
      node(sumOp, [row.broadcastTo([4, 3])], { axes: [0], keepDims: false }),
      () => sum(row.broadcastTo([4, 3]), 0),
      mul(row, 4),
    ],
    ["sum of 2x", node(sumOp, [mul(x, 2)], all), () => sum(mul(x, 2)), mul(sum(x), 2)],
    [
      "(2x) @ (3y')",
      node(matmulOp, [mul(x, 2), mul(y, 3).transpose()]),
      () => mul(x, 2).matmul(mul(y, 3).transpose()),
      mul(x.matmul(y.transpose()), 6),
    ],
  ])("%s", (_, plain, build, expected) => {
    const simplified = build();
    expect(simplified).toBe(expected);
    const [a, b] = evaluate([plain, simplified], leaves);
    expect([...a!.shape]).toEqual([...b!.shape]);
    a!.data.forEach((v, i) => expect(b!.data[i]).toBeCloseTo(v, 12));
  });
  test("a common factor stays where what it multiplies is smaller than the product", () => {
    expect(sub(mul(x, row), mul(x, y)).op.name).toBe("Sub");
  });

  test.each<[string, () => Tensor, Tensor]>([
    ["a slice of a slice", () => slice(slice(x, 1, 1, 3), 1, 1, 2), slice(x, 1, 2, 3)],
    ["every fourth of every second", () => slice(slice(long, 0, 1, 12, 2), 0, 1, 6, 2), slice(long, 0, 3, 12, 4)],
    ["a slice of everything", () => slice(x, 1, 0, 3), x],
    ["no padding", () => pad(x, [0, 0], [0, 0]), x],
    ["one part", () => concat([x], 0), x],
    ["one branch", () => where(new Input("c", [3], "bool"), x, x), x],
  ])("%s", (_, build, expected) => expect(build()).toBe(expected));
});

describe("equal nodes are one object", () => {
  test("made of equal ops, inputs and attributes", () => {
    expect(add(x, y)).toBe(add(x, y));
    expect(exp(mul(x, 2))).toBe(exp(mul(2, x)));
    expect(sum(x, 0)).toBe(sum(x, -2));
    expect(constant([1, 2], [2])).toBe(constant([1, 2], [2]));
  });
  test("and different ones are not", () => {
    expect(sum(x, 0)).not.toBe(sum(x, 1));
    expect(sum(x, 0)).not.toBe(sum(x, 0, true));
    expect(constant(0)).not.toBe(constant(-0));
    expect(constant(0)).not.toBe(constant(0, [], "float64"));
    expect(constant([1, 2], [2])).not.toBe(constant([1, 2], [1, 2]));
    expect(noise.normal([2])).not.toBe(noise.normal([2]));
    expect(new Input("x", [2])).not.toBe(new Input("x", [2]));
  });
});

describe("operations on constants", () => {
  test("are done while the graph is built, in the constant's own precision", () => {
    const e = exp(constant(1));
    expect(e).toBeInstanceOf(Constant);
    expect(evaluate([e])[0]!.data[0]).toBe(Math.fround(Math.E));
    expect(evaluate([exp(c(1))])[0]!.data[0]).toBe(Math.E);
  });
  test("are left where the result would be large", () => {
    const wide = constant(new Float64Array(5000), [5000]);
    expect(exp(wide)).not.toBeInstanceOf(Constant);
  });
  test("log of a negative number stays what it is", () => {
    expect(evaluate([log(c(-1))])[0]!.data[0]).toBeNaN();
  });
});

test("a tensor has no dimension of size 0, and no element type is mixed", () => {
  expect(() => new Input("x", [2, 0])).toThrow(ShapeError);
  expect(() => add(x, new Input("i", [2, 3], "int64"))).toThrow(ShapeError);
  expect(() => abs(new Input("b", [2], "bool"))).toThrow("abs: wrong dtype, got bool[2]");
  expect(sizeOf([])).toBe(1);
});
