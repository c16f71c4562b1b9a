import { Input } from "../../../src/graph/index.ts";
import {
  add,
  broadcastTo,
  concat,
  flatten,
  flip,
  mul,
  pad,
  reshape,
  slice,
  split,
  stack,
  tile,
  transpose,
} from "../../../src/ops/index.ts";
import { bools, ranged, ints, type OpCases } from "../op-case.ts";

const x = (...shape: number[]): Input => new Input("x", shape);

export const movement = {
  reshape: {
    cases: [
      { name: "merge", inputs: [ranged([2, 3, 2])], build: (x) => reshape(x, [6, 2]) },
      { name: "worked out", inputs: [ranged([2, 6])], build: (x) => reshape(x, [3, -1]) },
      { name: "to a scalar", inputs: [ranged([1, 1])], build: (x) => reshape(x, []) },
      { name: "integers", inputs: [ints([1, 2, 3, 4])], build: (x) => reshape(x, [2, 2]) },
    ],
    wrong: [() => reshape(x(2, 3), [4, 2]), () => reshape(x(2, 3), [4, -1])],
  },
  flatten: { cases: [{ name: "images", inputs: [ranged([2, 1, 3, 2])], build: flatten }], wrong: [] },
  broadcastTo: {
    cases: [
      { name: "new axes", inputs: [ranged([3])], build: (x) => broadcastTo(x, [2, 4, 3]) },
      { name: "size 1", inputs: [ranged([2, 1, 3])], build: (x) => broadcastTo(x, [2, 4, 3]) },
      { name: "a scalar", inputs: [ranged([])], build: (x) => broadcastTo(x, [2, 2]) },
      { name: "twice", inputs: [ranged([1, 3])], build: (x) => broadcastTo(broadcastTo(x, [2, 3]), [2, 2, 3]) },
      { name: "bools", inputs: [bools([1, 0])], build: (x) => broadcastTo(x, [3, 2]) },
    ],
    wrong: [() => broadcastTo(x(2, 3), [3, 3]), () => broadcastTo(x(2, 3), [3])],
  },
  transpose: {
    cases: [
      { name: "2-D", inputs: [ranged([2, 3])], build: (x) => transpose(x) },
      { name: "last two", inputs: [ranged([2, 3, 4])], build: (x) => transpose(x) },
      { name: "a cycle", inputs: [ranged([2, 3, 4])], build: (x) => transpose(x, [2, 0, 1]) },
      { name: "twice", inputs: [ranged([2, 3, 4])], build: (x) => transpose(transpose(x, [2, 0, 1]), [2, 0, 1]) },
      { name: "4-D", inputs: [ranged([2, 3, 1, 2])], build: (x) => transpose(x, [0, 2, 3, 1]) },
    ],
    wrong: [() => transpose(x(2, 3), [0, 0]), () => transpose(x(2, 3), [0])],
  },
  slice: {
    cases: [
      { name: "middle", inputs: [ranged([5, 2])], build: (x) => slice(x, 0, 1, 4) },
      { name: "negative axis and ends", inputs: [ranged([2, 6])], build: (x) => slice(x, -1, -4, -1) },
      { name: "to the end", inputs: [ranged([2, 5])], build: (x) => slice(x, 1, 3) },
      { name: "step", inputs: [ranged([7, 2])], build: (x) => slice(x, 0, 1, 7, 3) },
      { name: "backwards", inputs: [ranged([6])], build: (x) => slice(x, 0, 4, 0, -2) },
      { name: "backwards past the front", inputs: [ranged([5])], build: (x) => slice(x, 0, 4, undefined, -2) },
      {
        name: "overlapping parts",
        inputs: [ranged([5])],
        build: (x) => mul(slice(x, 0, 0, 3), slice(x, 0, 2, 5)),
      },
      { name: "integers", inputs: [ints([1, 2, 3, 4])], build: (x) => slice(x, 0, 1, 3) },
    ],
    wrong: [
      () => slice(x(3), 1, 0, 1),
      () => slice(x(3), 0, 2, 2),
      () => slice(x(3), 0, 1, 5),
      () => slice(x(3), 0, 0, 2, 0),
    ],
  },
  flip: {
    cases: [
      { name: "rows", inputs: [ranged([3, 2])], build: (x) => flip(x, 0) },
      { name: "last", inputs: [ranged([2, 3])], build: (x) => flip(x, -1) },
    ],
    wrong: [() => flip(x(2), 1)],
  },
  pad: {
    cases: [
      { name: "zeros", inputs: [ranged([2, 3])], build: (x) => pad(x, [1, 0], [0, 2]) },
      { name: "a value", inputs: [ranged([3])], build: (x) => pad(x, [2], [1], -1.5) },
    ],
    wrong: [() => pad(x(2, 3), [1], [1]), () => pad(x(2), [-1], [0])],
  },
  concat: {
    cases: [
      { name: "rows", inputs: [ranged([2, 3]), ranged([1, 3])], build: (x, y) => concat([x, y], 0) },
      {
        name: "last of three",
        inputs: [ranged([2, 1]), ranged([2, 2]), ranged([2, 3])],
        build: (...x) => concat(x, -1),
      },
      { name: "one", inputs: [ranged([2])], build: (x) => concat([x], 0) },
      { name: "itself", inputs: [ranged([2, 2])], build: (x) => concat([x, x], 1) },
    ],
    wrong: [
      () => concat([x(2, 3), x(2, 4)], 0),
      () => concat([], 0),
      () => concat([x(3), x()], 0),
      () => concat([x(2)], 1),
    ],
  },
  stack: {
    cases: [
      { name: "front", inputs: [ranged([2, 3]), ranged([2, 3])], build: (x, y) => stack([x, y]) },
      { name: "last", inputs: [ranged([2]), ranged([2])], build: (x, y) => stack([x, y], -1) },
    ],
    wrong: [() => stack([x(2)], 3)],
  },
  split: {
    cases: [
      { name: "two", inputs: [ranged([2, 4])], build: (x) => split(x, 1, 2) },
      {
        name: "unequal parts",
        inputs: [ranged([2, 6])],
        build: (x) => {
          const [a, b, c] = split(x, 1, [1, 3, 2]);
          return [mul(a, b), c];
        },
      },
      {
        name: "three, used apart",
        inputs: [ranged([6, 2])],
        build: (x) => {
          const [a, b, c] = split(x, 0, 3);
          return add(mul(a, b), c);
        },
      },
    ],
    wrong: [() => split(x(2, 5), 1, 2), () => split(x(2, 5), 1, [2, 2])],
  },
  tile: {
    cases: [
      { name: "both axes", inputs: [ranged([2, 3])], build: (x) => tile(x, [2, 3]) },
      { name: "one axis", inputs: [ranged([2, 1])], build: (x) => tile(x, [1, 4]) },
    ],
    wrong: [() => tile(x(2, 3), [2])],
  },
} satisfies Record<string, OpCases>;
