import { Input } from "../../../src/graph/index.ts";
import { add, matmul, mul, transpose, tril, triu } from "../../../src/ops/index.ts";
import { ranged, type OpCases } from "../op-case.ts";

const triangle = (op: typeof tril): OpCases => ({
  cases: [
    { name: "square", inputs: [ranged([3, 3])], build: (x) => op(x) },
    { name: "above", inputs: [ranged([2, 3, 4])], build: (x) => op(x, 1) },
    { name: "below", inputs: [ranged([4, 3])], build: (x) => op(x, -1) },
  ],
  wrong: [() => op(new Input("x", [3]))],
});

export const linalg = {
  matmul: {
    cases: [
      { name: "2-D", inputs: [ranged([2, 3]), ranged([3, 4])], build: matmul },
      { name: "size 1", inputs: [ranged([1, 3]), ranged([3, 1])], build: matmul },
      { name: "batched", inputs: [ranged([2, 2, 3]), ranged([2, 3, 2])], build: matmul },
      { name: "batch broadcast right", inputs: [ranged([3, 2, 3]), ranged([3, 2])], build: matmul },
      { name: "batch broadcast both", inputs: [ranged([3, 1, 2, 3]), ranged([2, 3, 2])], build: matmul },
      { name: "transposed left", inputs: [ranged([3, 2]), ranged([3, 4])], build: (x, y) => matmul(transpose(x), y) },
      {
        name: "transposed, scaled and biased",
        inputs: [ranged([3, 2]), ranged([4, 3]), ranged([4])],
        build: (x, y, b) => add(mul(matmul(transpose(x), transpose(y)), 0.5), b),
      },
      {
        name: "transposed batch",
        inputs: [ranged([2, 2, 3]), ranged([2, 2, 3])],
        build: (x, y) => matmul(x, transpose(y)),
      },
      {
        name: "scalars moved out",
        inputs: [ranged([2, 3]), ranged([3, 2])],
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
