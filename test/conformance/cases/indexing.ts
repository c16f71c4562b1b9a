import { Input } from "../../../src/graph/index.ts";
import {
  addAlongAxis,
  argsort,
  dynamicSlice,
  dynamicUpdateSlice,
  gather,
  mul,
  oneHot,
  scatterAdd,
  sort,
  takeAlongAxis,
  topK,
} from "../../../src/ops/index.ts";
import { ranged, given, ints, type OpCases } from "../op-case.ts";

const x = (...shape: number[]): Input => new Input("x", shape);
const index = (...shape: number[]): Input => new Input("i", shape, "int64");
const tied = given([2, 1, 2, 3, 1, 3], [2, 3]);

export const indexing = {
  gather: {
    cases: [
      { name: "rows, repeated", inputs: [ranged([4, 3]), ints([3, 0, 3])], build: (x, i) => gather(x, i) },
      {
        name: "a grid along the last axis",
        inputs: [ranged([2, 4]), ints([0, 1, 3, 1], [2, 2])],
        build: (x, i) => gather(x, i, -1),
      },
      { name: "middle axis", inputs: [ranged([2, 3, 2]), ints([2, 2, 0, 1])], build: (x, i) => gather(x, i, 1) },
      { name: "one slice", inputs: [ranged([3, 2]), ints([1], [])], build: (x, i) => gather(x, i) },
      { name: "squared", inputs: [ranged([3, 2]), ints([1, 1])], build: (x, i) => mul(gather(x, i), gather(x, i)) },
      { name: "integers", inputs: [ints([5, 6, 7]), ints([2, 0])], build: (x, i) => gather(x, i) },
    ],
    wrong: [() => gather(x(3), x(2)), () => gather(x(3), index(2), 1)],
  },
  dynamicSlice: {
    cases: [
      { name: "rows", inputs: [ranged([4, 3]), ints([1], [])], build: (x, i) => dynamicSlice(x, 0, i, 2) },
      { name: "the last column", inputs: [ranged([2, 4]), ints([3], [])], build: (x, i) => dynamicSlice(x, -1, i, 1) },
    ],
    wrong: [() => dynamicSlice(x(3), 0, x(), 1), () => dynamicSlice(x(3), 1, index(), 1)],
  },
  dynamicUpdateSlice: {
    cases: [
      {
        name: "rows",
        inputs: [ranged([4, 3]), ranged([2, 3]), ints([1], [])],
        build: (x, y, i) => dynamicUpdateSlice(x, y, 0, i),
      },
      {
        name: "past the end",
        inputs: [ranged([2, 4, 2]), ranged([2, 3, 2]), ints([2], [])],
        build: (x, y, i) => dynamicUpdateSlice(x, y, 1, i),
      },
    ],
    wrong: [() => dynamicUpdateSlice(x(3, 2), x(1, 3), 0, index()), () => dynamicUpdateSlice(x(3), x(1), 0, x())],
  },
  scatterAdd: {
    cases: [
      { name: "rows, repeated", inputs: [ranged([3, 2]), ints([3, 0, 3])], build: (u, i) => scatterAdd(u, i, 0, 4) },
      {
        name: "a grid at the last axis",
        inputs: [ranged([2, 2, 2]), ints([0, 1, 3, 1], [2, 2])],
        build: (u, i) => scatterAdd(u, i, -1, 4),
      },
      { name: "middle axis", inputs: [ranged([2, 3, 2]), ints([2, 2, 0])], build: (u, i) => scatterAdd(u, i, 1, 3) },
      { name: "one slice", inputs: [ranged([2]), ints([1], [])], build: (u, i) => scatterAdd(u, i, 0, 3) },
    ],
    wrong: [
      () => scatterAdd(x(3, 2), index(2), 0, 4),
      () => scatterAdd(x(3), x(3), 0, 4),
      () => scatterAdd(new Input("u", [3], "int64"), index(3), 0, 4),
    ],
  },
  takeAlongAxis: {
    cases: [
      { name: "last axis", inputs: [ranged([2, 3]), ints([2, 0, 1, 1], [2, 2])], build: (x, i) => takeAlongAxis(x, i) },
      {
        name: "first axis",
        inputs: [ranged([3, 2]), ints([2, 0, 2, 1], [2, 2])],
        build: (x, i) => takeAlongAxis(x, i, 0),
      },
      {
        name: "middle axis",
        inputs: [ranged([2, 3, 2]), ints([2, 0, 1, 1], [2, 1, 2])],
        build: (x, i) => takeAlongAxis(x, i, 1),
      },
    ],
    wrong: [() => takeAlongAxis(x(2, 3), index(3, 2)), () => takeAlongAxis(x(2, 3), x(2, 3))],
  },
  addAlongAxis: {
    cases: [
      {
        name: "last axis, repeated",
        inputs: [ranged([2, 3]), ints([2, 0, 2, 1, 1, 1], [2, 3])],
        build: (u, i) => addAlongAxis(u, i, -1, 3),
      },
      {
        name: "first axis",
        inputs: [ranged([2, 2]), ints([2, 0, 2, 1], [2, 2])],
        build: (u, i) => addAlongAxis(u, i, 0, 4),
      },
    ],
    wrong: [
      () => addAlongAxis(x(2, 3), index(3, 2), 0, 4),
      () => addAlongAxis(new Input("u", [3], "int64"), index(3), 0, 4),
    ],
  },
  oneHot: {
    cases: [
      { name: "classes", inputs: [ints([2, 0, 1])], build: (i) => oneHot(i, 4) },
      { name: "a grid, as int64", inputs: [ints([1, 0, 1, 1], [2, 2])], build: (i) => oneHot(i, 2, "int64") },
      {
        name: "picks a log-probability",
        inputs: [ints([2, 0]), ranged([2, 3])],
        build: (i, x) => mul(oneHot(i, 3, x.dtype), x).sum(-1),
      },
    ],
    wrong: [() => oneHot(x(2), 3)],
  },
  topK: {
    cases: [
      { name: "values", inputs: [ranged([3, 5])], build: (x) => topK(x, 2).values },
      { name: "both outputs", inputs: [ranged([3, 5])], build: (x) => Object.values(topK(x, 3)) },
      {
        name: "smallest along the first axis",
        inputs: [ranged([5, 2])],
        build: (x) => Object.values(topK(x, 2, 0, { largest: false })),
      },
      { name: "ties", inputs: [tied], build: (x) => Object.values(topK(x, 2)), derivatives: 0 },
      { name: "integers", inputs: [ints([3, 9, -4, 9])], build: (x) => Object.values(topK(x, 3)) },
    ],
    wrong: [
      () => topK(x(3), 4),
      () => topK(x(3), 0),
      () => topK(x(3), 1, 1),
      () => topK(new Input("b", [2], "bool"), 1),
    ],
  },
  sort: {
    cases: [
      { name: "ascending", inputs: [ranged([2, 4])], build: (x) => sort(x) },
      {
        name: "descending along the first axis",
        inputs: [ranged([4, 2])],
        build: (x) => sort(x, 0, { descending: true }),
      },
      { name: "squared", inputs: [ranged([4])], build: (x) => mul(sort(x), sort(x, 0, { descending: true })) },
    ],
    wrong: [() => sort(x(2), 1)],
  },
  argsort: {
    cases: [
      { name: "ascending", inputs: [ranged([2, 4])], build: (x) => argsort(x) },
      { name: "ties keep their order", inputs: [tied], build: (x) => argsort(x) },
      { name: "descending ties", inputs: [tied], build: (x) => argsort(x, 1, { descending: true }) },
    ],
    wrong: [() => argsort(x(2), 1)],
  },
} satisfies Record<string, OpCases>;
