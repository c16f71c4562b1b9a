import { Input } from "../../../src/graph/index.ts";
import { add, matmul, mul, transpose, tril, triu } from "../../../src/ops/index.ts";
import { draw, type OpCases } from "../op-case.ts";

const triangle = (op: typeof tril): OpCases => ({
  cases: [
    { name: "square", inputs: [draw([3, 3])], build: (x) => op(x) },
    { name: "above", inputs: [draw([2, 3, 4])], build: (x) => op(x, 1) },
    { name: "below", inputs: [draw([4, 3])], build: (x) => op(x, -1) },
  ],
  wrong: [() => op(new Input("x", [3]))],
});

export const linalg = {
  matmul: {
    cases: [
      { name: "2-D", inputs: [draw([2, 3]), draw([3, 4])], build: matmul },
      { name: "size 1", inputs: [draw([1, 3]), draw([3, 1])], build: matmul },
      { name: "batched", inputs: [draw([2, 2, 3]), draw([2, 3, 2])], build: matmul },
      { name: "batch broadcast right", inputs: [draw([3, 2, 3]), draw([3, 2])], build: matmul },
      { name: "batch broadcast both", inputs: [draw([3, 1, 2, 3]), draw([2, 3, 2])], build: matmul },
      { name: "transposed left", inputs: [draw([3, 2]), draw([3, 4])], build: (x, y) => matmul(transpose(x), y) },
      {
        name: "transposed, scaled and biased",
        inputs: [draw([3, 2]), draw([4, 3]), draw([4])],
        build: (x, y, b) => add(mul(matmul(transpose(x), transpose(y)), 0.5), b),
      },
      {
        name: "transposed batch",
        inputs: [draw([2, 2, 3]), draw([2, 2, 3])],
        build: (x, y) => matmul(x, transpose(y)),
      },
      {
        name: "scalars moved out",
        inputs: [draw([2, 3]), draw([3, 2])],
        build: (x, y) => matmul(mul(x, 3), mul(y, -0.25)),
      },
    ],
    wrong: [
      () => matmul(new Input("x", [2, 3]), new Input("y", [2, 3])),
      () => matmul(new Input("x", [3]), new Input("y", [3, 2])),
      () => matmul(new Input("x", [2, 2, 3]), new Input("y", [3, 3, 2])),
      () => matmul(new Input("x", [2, 3]), new Input("y", [3, 2], "int64")),
    ],
  },
  tril: triangle(tril),
  triu: triangle(triu),
} satisfies Record<string, OpCases>;
