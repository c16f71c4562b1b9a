import { type DType, Input, type Tensor } from "../../../src/graph/index.ts";
import {
  and,
  cast,
  equal,
  greater,
  greaterEqual,
  isNaN,
  less,
  lessEqual,
  mul,
  not,
  notEqual,
  or,
  where,
} from "../../../src/ops/index.ts";
import { bools, ranged, given, ints, type OpCases } from "../op-case.ts";

const comparison = (op: typeof equal): OpCases => ({
  cases: [
    { name: "floats with ties", inputs: [given([1, 2, 3, -1]), given([1, 3, 2, -1])], build: op },
    { name: "broadcast", inputs: [ranged([3, 1]), ranged([4])], build: op },
    { name: "a number", inputs: [given([-1, 0, 1])], build: (x) => op(x, 0) },
    { name: "integers", inputs: [ints([1, 2, 3]), ints([1, 3, 2])], build: op },
  ],
  wrong: [
    () => op(new Input("x", [2, 3]), new Input("y", [2, 4])),
    () => op(new Input("x", [2]), new Input("y", [2], "int64")),
  ],
});
const logic = (op: typeof and): OpCases => ({
  cases: [
    { name: "truth table", inputs: [bools([0, 0, 1, 1]), bools([0, 1, 0, 1])], build: op },
    { name: "broadcast", inputs: [bools([0, 1], [2, 1]), bools([0, 1, 1])], build: op },
  ],
  wrong: [
    () => op(new Input("x", [2]), new Input("y", [2])),
    () => op(new Input("x", [2], "bool"), new Input("y", [3], "bool")),
  ],
});
const mask = bools([1, 0, 0, 1, 1, 0], [2, 3]);
const through = (to: DType) => (x: Tensor) => cast(x, to);

export const comparisons = {
  equal: comparison(equal),
  notEqual: { ...comparison(notEqual), speaksAs: ["equal"] },
  less: comparison(less),
  lessEqual: comparison(lessEqual),
  greater: comparison(greater),
  greaterEqual: comparison(greaterEqual),
  and: logic(and),
  or: logic(or),
  not: { cases: [{ name: "both", inputs: [bools([0, 1])], build: not }], wrong: [() => not(new Input("x", [2]))] },
  isNaN: {
    cases: [{ name: "numbers", inputs: [given([1, Number.NaN, Infinity, 0])], build: isNaN }],
    wrong: [() => isNaN(new Input("x", [2], "int64"))],
  },
  where: {
    cases: [
      { name: "equal shapes", inputs: [mask, ranged([2, 3]), ranged([2, 3])], build: where },
      { name: "broadcast condition", inputs: [bools([1, 0], [2, 1]), ranged([2, 3]), ranged([2, 3])], build: where },
      { name: "broadcast branches", inputs: [mask, ranged([3]), ranged([2, 1])], build: where },
      { name: "a number", inputs: [mask, ranged([2, 3])], build: (c, x) => where(c, x, 0.5) },
      { name: "integers", inputs: [mask, ints([1, 2, 3]), ints([4], [])], build: where },
      { name: "nested", inputs: [mask, ranged([2, 3])], build: (c, x) => where(c, mul(x, x), where(c, 1, x)) },
    ],
    wrong: [
      () => where(new Input("c", [2]), new Input("x", [2]), new Input("y", [2])),
      () => where(new Input("c", [2], "bool"), new Input("x", [2]), new Input("y", [3])),
      () => where(new Input("c", [2], "bool"), new Input("x", [2]), new Input("y", [2], "int64")),
    ],
  },
  cast: {
    cases: [
      { name: "float to int64 truncates", inputs: [given([-1.7, -0.2, 0.9, 2.5])], build: through("int64") },
      { name: "float to bool", inputs: [given([0, 0.5, -2])], build: through("bool") },
      { name: "int64 to float", inputs: [ints([-3, 0, 4])], build: through("float32") },
      { name: "bool to float", inputs: [bools([0, 1])], build: through("float32") },
      { name: "bool to int64", inputs: [bools([0, 1])], build: through("int64") },
      { name: "int64 to bool", inputs: [ints([0, 2, -1])], build: through("bool") },
    ],
    wrong: [],
  },
} satisfies Record<string, OpCases>;
