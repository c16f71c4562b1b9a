import { Input, type Tensor } from "../../../src/graph/index.ts";
import {
  argmax,
  argmin,
  cumsum,
  logMeanExp,
  logSoftmax,
  logSumExp,
  max,
  mean,
  min,
  mul,
  prod,
  softmax,
  sum,
  variance,
} from "../../../src/ops/index.ts";
import { ranged, given, ints, type OpCase, type OpCases } from "../op-case.ts";

const x = (...shape: number[]): Input => new Input("x", shape);

const reductions = (op: typeof sum, more: readonly OpCase[] = []): OpCases => ({
  cases: [
    { name: "all", inputs: [ranged([2, 3])], build: (x) => op(x) },
    { name: "one axis", inputs: [ranged([2, 3, 2])], build: (x) => op(x, 1) },
    { name: "negative axis kept", inputs: [ranged([2, 3, 2])], build: (x) => op(x, -1, true) },
    { name: "two axes", inputs: [ranged([2, 3, 2])], build: (x) => op(x, [0, 2]) },
    { name: "two axes kept", inputs: [ranged([2, 3, 2])], build: (x) => op(x, [2, 1], true) },
    { name: "an axis of size 1", inputs: [ranged([3, 1])], build: (x) => op(x, 1) },
    { name: "no axes", inputs: [ranged([3])], build: (x) => op(x, []) },
    ...more,
  ],
  wrong: [() => op(x(2, 3), 2), () => op(x(2, 3), [0, -2]), () => op(new Input("b", [2], "bool"))],
});
const lanes = (op: (x: Tensor, axis?: number) => Tensor): OpCases => ({
  cases: [
    { name: "last axis", inputs: [ranged([2, 4])], build: (x) => op(x) },
    { name: "first axis", inputs: [ranged([4, 2])], build: (x) => op(x, 0) },
    { name: "middle axis", inputs: [ranged([2, 3, 2])], build: (x) => op(x, -2) },
    { name: "large logits", inputs: [given([900, 905, 899, -900], [2, 2])], build: (x) => op(x), derivatives: 0 },
  ],
  wrong: [() => op(x(2, 3), 2), () => op(new Input("i", [2], "int64"))],
});
const positionsOf = (op: typeof argmax): OpCases => ({
  cases: [
    { name: "last axis", inputs: [ranged([3, 4])], build: (x) => op(x) },
    { name: "first axis", inputs: [ranged([3, 4, 2])], build: (x) => op(x, 0) },
    { name: "ties go to the first", inputs: [given([1, 3, 3, 1, 1, 3], [2, 3])], build: (x) => op(x, 1) },
  ],
  wrong: [() => op(x(2), 1), () => op(new Input("b", [2], "bool"))],
});
const ties: OpCase["inputs"] = [given([1, 3, 3, 2, 2, 2], [2, 3])];
const whole = ints([3, -1, 2, 5, 0, 4], [2, 3]);

export const reductionCases = {
  sum: reductions(sum, [
    { name: "integers", inputs: [whole], build: (x) => sum(x, 1) },
    { name: "of squares", inputs: [ranged([3, 4, 2])], build: (x) => sum(mul(x, x), [0, 2]) },
    { name: "of squares, all", inputs: [ranged([3, 4])], build: (x) => sum(mul(x, x)) },
    { name: "of a repeated row", inputs: [ranged([3])], build: (x) => sum(x.broadcastTo([4, 3]), 0) },
    { name: "of a repeated row, all", inputs: [ranged([3])], build: (x) => sum(x.broadcastTo([4, 3])) },
  ]),
  mean: { ...reductions(mean), speaksAs: ["sum"] },
  variance: { ...reductions(variance), speaksAs: ["mean", "sum"] },
  max: reductions(max, [
    { name: "ties", inputs: ties, build: (x) => max(x, 1), derivatives: 0 },
    { name: "integers", inputs: [whole], build: (x) => max(x, 1) },
  ]),
  min: reductions(min, [
    { name: "ties", inputs: ties, build: (x) => min(x, 1), derivatives: 0 },
    { name: "integers", inputs: [whole], build: (x) => min(x, 1) },
  ]),
  prod: reductions(prod, [
    { name: "one zero", inputs: [given([2, 0, 3, 1, -1, 4], [2, 3])], build: (x) => prod(x, 1) },
    { name: "two zeros", inputs: [given([0, 0, 3, 1, 0, 4], [2, 3])], build: (x) => prod(x, 1) },
    { name: "five", inputs: [ranged([5, 2])], build: (x) => prod(x, 0) },
  ]),
  logSumExp: {
    ...reductions(logSumExp, [
      { name: "large", inputs: [given([800, 801, -800, -801], [2, 2])], build: (x) => logSumExp(x, 1), derivatives: 0 },
    ]),
    wrong: [() => logSumExp(x(2), 1), () => logSumExp(new Input("i", [2], "int64"))],
  },
  logMeanExp: { ...reductions(logMeanExp), speaksAs: ["logSumExp"], wrong: [() => logMeanExp(x(2), 1)] },
  argmax: positionsOf(argmax),
  argmin: positionsOf(argmin),
  cumsum: {
    cases: [
      { name: "last axis", inputs: [ranged([2, 4])], build: (x) => cumsum(x) },
      { name: "first axis", inputs: [ranged([4, 2])], build: (x) => cumsum(x, 0) },
      { name: "exclusive", inputs: [ranged([2, 4])], build: (x) => cumsum(x, -1, { exclusive: true }) },
      { name: "reverse", inputs: [ranged([2, 3, 2])], build: (x) => cumsum(x, 1, { reverse: true }) },
      { name: "both", inputs: [ranged([5])], build: (x) => cumsum(x, 0, { exclusive: true, reverse: true }) },
      { name: "squared", inputs: [ranged([4])], build: (x) => mul(cumsum(x), cumsum(x)) },
      { name: "integers", inputs: [whole], build: (x) => cumsum(x) },
    ],
    wrong: [() => cumsum(x(2), 1), () => cumsum(new Input("b", [2], "bool"))],
  },
  softmax: lanes(softmax),
  logSoftmax: lanes(logSoftmax),
} satisfies Record<string, OpCases>;
