import { constant, Input } from "../../../src/graph/index.ts";
import {
  abs,
  add,
  clamp,
  div,
  log,
  maximum,
  minimum,
  mul,
  neg,
  pow,
  reciprocal,
  sqrt,
  square,
  sub,
} from "../../../src/ops/index.ts";
import { ranged, given, ints, type OpCase, type OpCases } from "../op-case.ts";

type Binary = typeof add;
/** Broadcasting on either side, a scalar, a number, and one tensor twice. */
const pairs = (op: Binary, low: number, high: number): OpCase[] => [
  { name: "equal shapes", inputs: [ranged([2, 3], low, high), ranged([2, 3], low, high)], build: op },
  { name: "a row", inputs: [ranged([4, 3], low, high), ranged([3], low, high)], build: op },
  { name: "a column on the left", inputs: [ranged([3, 1], low, high), ranged([1, 5], low, high)], build: op },
  { name: "a scalar tensor", inputs: [ranged([], low, high), ranged([2, 1, 3], low, high)], build: op },
  { name: "a number", inputs: [ranged([2, 3], low, high)], build: (x) => op(x, 1.75) },
  { name: "a number on the left", inputs: [ranged([2, 3], low, high)], build: (x) => op(1.75, x) },
  { name: "itself", inputs: [ranged([5], low, high)], build: (x) => op(x, x) },
];
const whole = (op: Binary): OpCase => ({
  name: "integers",
  inputs: [ints([3, -2, 7, 0]), ints([2, 5, -7, 1])],
  build: op,
});
const mismatched = (op: Binary): (() => unknown)[] => [
  () => op(new Input("x", [2, 3]), new Input("y", [2, 4])),
  () => op(new Input("x", [2]), new Input("y", [2], "int64")),
  () => op(new Input("x", [2], "bool"), new Input("y", [2], "bool")),
];
const notFloat = (op: (x: Input) => unknown): (() => unknown)[] => [() => op(new Input("x", [2], "bool"))];

export const arithmetic = {
  add: {
    cases: [
      ...pairs(add, -2, 2),
      whole(add),
      { name: "shared factors", inputs: [ranged([3]), ranged([3])], build: (x, y) => add(mul(x, 0.5), mul(y, -0.5)) },
    ],
    wrong: mismatched(add),
  },
  sub: {
    cases: [
      ...pairs(sub, -2, 2),
      whole(sub),
      {
        name: "shared factors",
        inputs: [ranged([3]), ranged([3])],
        build: (x, y) => sub(mul(x, 0.5), neg(mul(y, 0.5))),
      },
    ],
    wrong: mismatched(sub),
  },
  mul: {
    cases: [
      ...pairs(mul, -2, 2),
      whole(mul),
      { name: "chained numbers", inputs: [ranged([3]), ranged([3])], build: (x, y) => mul(mul(2, x), neg(mul(y, 3))) },
    ],
    wrong: mismatched(mul),
  },
  div: {
    cases: [...pairs(div, 0.5, 3), { name: "signs", inputs: [ranged([4]), given([-2, 0.5, 3, -0.75])], build: div }],
    wrong: mismatched(div),
  },
  pow: {
    cases: [
      ...pairs(pow, 0.5, 2),
      ...[3, -1, 0.5, -2, 2.5, 1, 2, 0].map((p): OpCase => ({
        name: `power ${p}`,
        inputs: [ranged([2, 3], 0.3, 2)],
        build: (x) => pow(x, p),
      })),
      { name: "a negative base and a whole power", inputs: [given([-1.5, -0.5, 2])], build: (x) => pow(x, 3) },
    ],
    wrong: mismatched(pow),
  },
  maximum: {
    cases: [
      ...pairs(maximum, -2, 2).slice(0, 6),
      whole(maximum),
      { name: "ties", inputs: [given([1, 2, 3]), given([1, 3, 3])], build: maximum, derivatives: 0 },
    ],
    wrong: mismatched(maximum),
  },
  minimum: {
    cases: [
      ...pairs(minimum, -2, 2).slice(0, 6),
      whole(minimum),
      { name: "ties", inputs: [given([1, 2, 3]), given([1, 1, 3])], build: minimum, derivatives: 0 },
    ],
    wrong: mismatched(minimum),
  },
  neg: {
    cases: [
      { name: "floats", inputs: [ranged([2, 3])], build: neg },
      { name: "integers", inputs: [ints([1, -2, 0])], build: neg },
      { name: "of a difference", inputs: [ranged([3]), ranged([3])], build: (x, y) => neg(sub(x, y)) },
    ],
    wrong: notFloat(neg),
  },
  abs: {
    cases: [
      { name: "floats", inputs: [ranged([2, 4])], build: abs },
      { name: "integers", inputs: [ints([1, -2, 0])], build: abs },
      { name: "zero", inputs: [given([0, 1, -1])], build: abs, derivatives: 0 },
    ],
    wrong: notFloat(abs),
  },
  sqrt: {
    cases: [{ name: "positive", inputs: [ranged([2, 3], 0.2, 4)], build: sqrt }],
    wrong: notFloat(sqrt),
  },
  reciprocal: {
    cases: [{ name: "both signs", inputs: [given([-2, -0.5, 0.25, 3])], build: reciprocal }],
    wrong: notFloat(reciprocal),
  },
  log: {
    cases: [{ name: "positive", inputs: [ranged([2, 3], 0.2, 4)], build: log }],
    wrong: notFloat(log),
  },
  square: {
    cases: [{ name: "both signs", inputs: [ranged([2, 3])], build: square }],
    speaksAs: ["mul"],
    wrong: notFloat(square),
  },
  clamp: {
    cases: [
      { name: "inside and outside", inputs: [ranged([3, 4], -3, 3)], build: (x) => clamp(x, -1, 1.5) },
      { name: "at the bounds", inputs: [given([-1, 1, 0])], build: (x) => clamp(x, -1, 1), derivatives: 0 },
      {
        name: "constants",
        inputs: [ranged([2])],
        build: (x) => add(x, clamp(constant([-5, 5], [2], x.dtype), -1, 1)),
      },
    ],
    speaksAs: ["maximum"],
    wrong: notFloat((x) => clamp(x, 0, 1)),
  },
} satisfies Record<string, OpCases>;
