import { Input, type Tensor } from "../../../src/graph/index.ts";
import {
  ceil,
  cos,
  elu,
  erf,
  exp,
  floor,
  gelu,
  leakyRelu,
  mul,
  positive,
  relu,
  round,
  sigmoid,
  sign,
  silu,
  sin,
  softplus,
  stopGradient,
  straightThrough,
  tanh,
} from "../../../src/ops/index.ts";
import { ranged, given, type OpCase, type OpCases } from "../op-case.ts";

const smooth = (
  op: (x: Tensor) => Tensor,
  extreme: readonly number[] = [],
  speaksAs: readonly string[] = [],
): OpCases => ({
  cases: [
    { name: "values", inputs: [ranged([3, 5], -3, 3)], build: op },
    { name: "scalar", inputs: [ranged([], 0.1, 1)], build: op },
    ...(extreme.length > 0
      ? [{ name: "extremes", inputs: [given(extreme)], build: op, derivatives: 0 } satisfies OpCase]
      : []),
  ],
  wrong: [() => op(new Input("x", [2], "int64"))],
  speaksAs,
});
const stepped = (op: (x: Tensor) => Tensor, edges: readonly number[]): OpCases => ({
  cases: [
    { name: "values", inputs: [ranged([3, 5], -3, 3)], build: op },
    { name: "edges", inputs: [given(edges)], build: op },
  ],
  wrong: [() => op(new Input("x", [2], "bool"))],
  refusesGradient: true,
});

export const elementwise = {
  exp: smooth(exp, [-200, 0, 80]),
  sin: smooth(sin),
  cos: smooth(cos),
  tanh: smooth(tanh, [-40, 0, 40]),
  sigmoid: smooth(sigmoid, [-80, 0, 80]),
  softplus: smooth(softplus, [-80, 0, 80]),
  relu: smooth(relu, [-1, 0, 1]),
  positive: smooth(positive, [-1, 0, 1]),
  leakyRelu: smooth((x) => leakyRelu(x, 0.2), [-1, 0, 1], ["mul"]),
  elu: smooth((x) => elu(x, 1.3), [-90, 0, 90], ["relu"]),
  silu: smooth(silu, [-80, 0, 80], ["sigmoid"]),
  gelu: smooth(gelu, [-20, 0, 20], ["mul"]),
  erf: smooth(erf, [-9, 0, 9]),
  floor: stepped(floor, [-1, -0.5, 0, 0.5, 2]),
  ceil: stepped(ceil, [-1, -0.5, 0.5, 2]),
  round: stepped(round, [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 3]),
  sign: stepped(sign, [-3, 0, 3]),
  stopGradient: {
    cases: [
      { name: "alone", inputs: [ranged([3])], build: stopGradient, derivatives: 0 },
      { name: "in a product", inputs: [ranged([3])], build: (x) => mul(x, stopGradient(x)), derivatives: 0 },
    ],
    wrong: [],
  },
  straightThrough: {
    cases: [
      { name: "rounding", inputs: [ranged([4])], build: (x) => straightThrough(round(x), mul(x, x)), derivatives: 0 },
    ],
    speaksAs: ["sub"],
    wrong: [() => straightThrough(new Input("x", [2]), new Input("y", [3]))],
  },
} satisfies Record<string, OpCases>;
