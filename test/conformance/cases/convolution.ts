import { Input } from "../../../src/graph/index.ts";
import {
  averagePool,
  concat,
  conv,
  convTranspose,
  convWeightGradient,
  depthToSpace,
  greater,
  maxPool,
  mean,
  mul,
  relu,
  resizeBilinear,
  resizeNearest,
  slice,
  spaceToDepth,
  upsampleConv,
  where,
} from "../../../src/ops/index.ts";
import { ranged, given, type OpCases } from "../op-case.ts";

const x = (...shape: number[]): Input => new Input("x", shape);

export const convolution = {
  conv: {
    cases: [
      {
        name: "3x3",
        inputs: [ranged([2, 2, 4, 5]), ranged([3, 2, 3, 3])],
        build: (x, w) => conv(x, w, { padding: 1 }),
      },
      {
        name: "unequal padding",
        inputs: [ranged([2, 2, 4, 5]), ranged([3, 2, 2, 3])],
        build: (x, w) => conv(x, w, { padding: { before: 1, after: [0, 1] } }),
      },
      {
        name: "a kernel as large as the image, padded after",
        inputs: [ranged([2, 2, 2, 3]), ranged([3, 2, 2, 3])],
        build: (x, w) => conv(x, w, { padding: { before: 0, after: [1, 2] } }),
      },
      {
        name: "unequal padding and a stride",
        inputs: [ranged([1, 2, 6, 5]), ranged([3, 2, 3, 4])],
        build: (x, w) => conv(x, w, { stride: [2, 3], padding: { before: [0, 2], after: [1, 0] } }),
      },
      { name: "1x1", inputs: [ranged([2, 3, 2, 2]), ranged([2, 3, 1, 1])], build: (x, w) => conv(x, w) },
      {
        name: "4x4, stride 2",
        inputs: [ranged([1, 2, 6, 6]), ranged([2, 2, 4, 4])],
        build: (x, w) => conv(x, w, { stride: 2, padding: 1 }),
      },
      {
        name: "stride that leaves a rest",
        inputs: [ranged([1, 2, 6, 7]), ranged([2, 2, 3, 2])],
        build: (x, w) => conv(x, w, { stride: [2, 3], padding: [1, 0] }),
      },
      {
        name: "dilation",
        inputs: [ranged([1, 1, 6, 5]), ranged([2, 1, 2, 3])],
        build: (x, w) => conv(x, w, { dilation: [3, 2], padding: [0, 1] }),
      },
      {
        name: "groups",
        inputs: [ranged([2, 4, 3, 4]), ranged([6, 2, 2, 3])],
        build: (x, w) => conv(x, w, { groups: 2, stride: 2, padding: 1 }),
      },
      {
        name: "depthwise",
        inputs: [ranged([2, 3, 4, 3]), ranged([3, 1, 3, 2])],
        build: (x, w) => conv(x, w, { groups: 3 }),
      },
      {
        name: "1-D",
        inputs: [ranged([2, 2, 7]), ranged([3, 2, 3])],
        build: (x, w) => conv(x, w, { stride: 2, padding: 2, dilation: 2 }),
      },
      {
        name: "1-D groups",
        inputs: [ranged([1, 4, 5]), ranged([4, 2, 2])],
        build: (x, w) => conv(x, w, { groups: 2 }),
      },
      // Batches of 16 and more take another layout on the CPU; the reference's gradient is confirmed by the cases above.
      {
        name: "a batch",
        inputs: [ranged([16, 9, 4, 3]), ranged([3, 9, 3, 3]), ranged([3, 1, 1])],
        build: (x, w, b) => relu(conv(x, w, { stride: [2, 1], padding: 1 }).add(b)),
        derivatives: 0,
      },
      {
        name: "a batch with unequal padding",
        inputs: [ranged([16, 2, 5, 4]), ranged([2, 2, 2, 3])],
        build: (x, w) => conv(x, w, { padding: { before: 1, after: [0, 1] } }),
        derivatives: 0,
      },
      {
        name: "a batch of one channel",
        inputs: [ranged([17, 1, 6, 6]), ranged([2, 1, 4, 4])],
        build: (x, w) => conv(x, w, { stride: 2, padding: 1 }),
        derivatives: 0,
      },
      {
        name: "a batch in groups",
        inputs: [ranged([16, 4, 3, 3]), ranged([16, 2, 2, 2])],
        build: (x, w) => conv(x, w, { groups: 2, dilation: 2, padding: 1 }),
        derivatives: 0,
      },
      {
        name: "a batch through two layers and a sum",
        inputs: [ranged([16, 2, 4, 4]), ranged([2, 2, 3, 3], -0.5, 0.5), ranged([2, 2, 3, 3], -0.5, 0.5)],
        build: (x, v, w) => {
          const h = relu(conv(x, v, { padding: 1 }));
          return h.add(conv(h, w, { padding: 1 })).reshape([16, -1]);
        },
        derivatives: 0,
      },
      {
        name: "large, with more channels than outputs",
        inputs: [ranged([2, 32, 10, 11]), ranged([16, 32, 3, 3], -0.2, 0.2), ranged([16, 1, 1])],
        build: (x, w, b) => conv(x, w, { padding: 1 }).add(b),
        derivatives: 0,
      },
      {
        name: "large layers with a normalization, parts and a sum between",
        inputs: [ranged([2, 16, 11, 10]), ranged([32, 16, 3, 3], -0.2, 0.2), ranged([16, 48, 2, 3], -0.2, 0.2)],
        build: (x, v, w) => {
          const h = conv(x, v, { padding: 1 });
          const centered = h.sub(mean(h, [2, 3], true));
          const joined = concat([relu(centered), slice(h, 1, 16)], 1);
          return conv(joined, w, { padding: { before: 1, after: [0, 1] } }).add(x);
        },
        derivatives: 0,
      },
      {
        name: "large, with masks of its input and of its output",
        inputs: [ranged([1, 16, 10, 10]), ranged([16, 16, 3, 3], -0.2, 0.2)],
        build: (x, w) => {
          const h = conv(x, w, { padding: 1 });
          return [where(greater(x, 0), h, 0), greater(h, 0)];
        },
        derivatives: 0,
      },
      {
        name: "a scaled kernel",
        inputs: [ranged([1, 1, 3, 3]), ranged([1, 1, 2, 2])],
        build: (x, w) => conv(mul(x, 2), mul(w, 0.5)),
      },
    ],
    wrong: [
      () => conv(x(1, 2, 5, 5), x(3, 3, 3, 3)),
      () => conv(x(1, 2, 5, 5), x(3, 2, 3)),
      () => conv(x(1, 2, 2, 5), x(3, 2, 3, 3)),
      () => conv(x(1, 3, 5, 5), x(4, 3, 3, 3), { groups: 2 }),
      () => conv(x(1, 2, 5, 5), x(3, 2, 3, 3), { stride: 0 }),
      () => conv(x(1, 2, 5, 5), x(3, 2, 3, 3), { padding: [1] }),
      () => conv(x(1, 2, 5, 5), x(3, 2, 3, 3), { padding: { before: 1, after: -1 } }),
      () => conv(x(2, 5), x(3, 2)),
    ],
  },
  convTranspose: {
    cases: [
      {
        name: "3x3",
        inputs: [ranged([2, 2, 3, 2]), ranged([2, 3, 3, 3])],
        build: (x, w) => convTranspose(x, w, { padding: 1 }),
      },
      {
        name: "4x4, stride 2",
        inputs: [ranged([1, 2, 3, 3]), ranged([2, 2, 4, 4])],
        build: (x, w) => convTranspose(x, w, { stride: 2, padding: 1 }),
      },
      {
        name: "output padding",
        inputs: [ranged([1, 2, 3, 2]), ranged([2, 1, 3, 2])],
        build: (x, w) => convTranspose(x, w, { stride: [2, 3], padding: [1, 0], outputPadding: [1, 2] }),
      },
      {
        name: "dilation",
        inputs: [ranged([1, 1, 3, 2]), ranged([1, 2, 2, 3])],
        build: (x, w) => convTranspose(x, w, { dilation: [3, 2], padding: [0, 1] }),
      },
      {
        name: "groups",
        inputs: [ranged([2, 4, 2, 3]), ranged([4, 3, 2, 3])],
        build: (x, w) => convTranspose(x, w, { groups: 2, stride: 2, padding: 1 }),
      },
      {
        name: "unequal padding",
        inputs: [ranged([1, 2, 3, 3]), ranged([2, 2, 3, 4])],
        build: (x, w) => convTranspose(x, w, { stride: 2, padding: { before: [0, 2], after: 1 } }),
      },
      {
        name: "1-D",
        inputs: [ranged([2, 2, 4]), ranged([2, 3, 3])],
        build: (x, w) => convTranspose(x, w, { stride: 2, padding: 1, outputPadding: 1 }),
      },
      {
        name: "a batch",
        inputs: [ranged([16, 4, 3, 2]), ranged([4, 2, 4, 3])],
        build: (x, w) => convTranspose(x, w, { stride: 2, padding: 1, outputPadding: [0, 1] }),
        derivatives: 0,
      },
      {
        name: "a batch, stride 1",
        inputs: [ranged([16, 4, 3, 3]), ranged([4, 2, 3, 3])],
        build: (x, w) => convTranspose(x, w, { padding: 1 }),
        derivatives: 0,
      },
    ],
    wrong: [
      () => convTranspose(x(1, 2, 5, 5), x(3, 2, 3, 3)),
      () => convTranspose(x(1, 2, 5, 5), x(2, 2, 3, 3), { stride: 2, outputPadding: 2 }),
      () => convTranspose(x(1, 2, 1, 1), x(2, 2, 3, 3), { padding: 2 }),
      () => convTranspose(x(1, 3, 5, 5), x(3, 2, 3, 3), { groups: 2 }),
    ],
  },
  convWeightGradient: {
    cases: [
      {
        name: "3x3",
        inputs: [ranged([2, 2, 4, 3]), ranged([2, 3, 4, 3])],
        build: (x, y) => convWeightGradient(x, y, { kernel: 3, padding: 1 }),
      },
      {
        name: "stride that leaves a rest",
        inputs: [ranged([1, 2, 6, 5]), ranged([1, 2, 3, 2])],
        build: (x, y) => convWeightGradient(x, y, { kernel: [2, 3], stride: 2, padding: [0, 0] }),
      },
      {
        name: "unequal padding",
        inputs: [ranged([2, 2, 4, 3]), ranged([2, 3, 4, 3])],
        build: (x, y) => convWeightGradient(x, y, { kernel: [2, 3], padding: { before: 1, after: [0, 1] } }),
      },
      {
        name: "groups and dilation",
        inputs: [ranged([2, 4, 4, 5]), ranged([2, 2, 3, 3])],
        build: (x, y) => convWeightGradient(x, y, { kernel: 2, dilation: [1, 2], groups: 2 }),
      },
      {
        name: "one channel",
        inputs: [ranged([3, 1, 4, 4]), ranged([3, 2, 2, 2])],
        build: (x, y) => convWeightGradient(x, y, { kernel: 4, stride: 2, padding: 1 }),
      },
      {
        name: "1-D",
        inputs: [ranged([2, 2, 6]), ranged([2, 3, 3])],
        build: (x, y) => convWeightGradient(x, y, { kernel: 3, stride: 2, padding: 1 }),
      },
    ],
    wrong: [
      () => convWeightGradient(x(2, 2, 4, 4), x(2, 3, 4, 4), { kernel: 3 }),
      () => convWeightGradient(x(2, 2, 4, 4), x(3, 3, 2, 2), { kernel: 3 }),
      () => convWeightGradient(x(2, 3, 4, 4), x(2, 2, 2, 2), { kernel: 3, groups: 2 }),
    ],
  },
  maxPool: {
    cases: [
      { name: "2x2", inputs: [ranged([2, 2, 4, 6])], build: (x) => maxPool(x, { kernel: 2 }) },
      {
        name: "overlapping, padded",
        inputs: [ranged([1, 2, 5, 6])],
        build: (x) => maxPool(x, { kernel: 3, stride: 2, padding: 1 }),
      },
      { name: "rest", inputs: [ranged([1, 1, 5, 7])], build: (x) => maxPool(x, { kernel: [2, 3] }) },
      { name: "1-D", inputs: [ranged([2, 2, 7])], build: (x) => maxPool(x, { kernel: 3, stride: 2 }) },
      {
        name: "squared",
        inputs: [ranged([1, 1, 4, 4])],
        build: (x) => mul(maxPool(x, { kernel: 2 }), maxPool(x, { kernel: 2 })),
      },
      {
        name: "ties",
        inputs: [given([1, 1, 0, 2, 1, 1, 2, 2, 3, 0, 3, 3, 0, 3, 3, 3], [1, 1, 4, 4])],
        build: (x) => maxPool(x, { kernel: 2 }),
        derivatives: 0,
      },
      {
        name: "negative values beside padding",
        inputs: [ranged([1, 1, 3, 3], -3, -1)],
        build: (x) => maxPool(x, { kernel: 2, padding: 1 }),
      },
    ],
    wrong: [
      () => maxPool(x(1, 1, 2, 2), { kernel: 3 }),
      () => maxPool(x(1, 2), { kernel: 1 }),
      () => maxPool(x(1, 1, 4, 4), { kernel: 2, padding: 2 }),
      () => maxPool(new Input("i", [1, 1, 4, 4], "int64"), { kernel: 2 }),
    ],
  },
  averagePool: {
    cases: [
      { name: "2x2", inputs: [ranged([2, 2, 4, 6])], build: (x) => averagePool(x, { kernel: 2 }) },
      {
        name: "overlapping, padding counted",
        inputs: [ranged([1, 2, 5, 6])],
        build: (x) => averagePool(x, { kernel: 3, stride: 2, padding: 1 }),
      },
      { name: "rest", inputs: [ranged([1, 1, 5, 7])], build: (x) => averagePool(x, { kernel: [2, 3] }) },
      { name: "1-D", inputs: [ranged([2, 2, 7])], build: (x) => averagePool(x, { kernel: 3, stride: 2 }) },
      {
        name: "squared",
        inputs: [ranged([1, 1, 4, 4])],
        build: (x) => mul(averagePool(x, { kernel: 2 }), averagePool(x, { kernel: 2 })),
      },
    ],
    wrong: [
      () => averagePool(x(1, 1, 2, 2), { kernel: 3 }),
      () => averagePool(x(1, 1, 4, 4), { kernel: 2, padding: 2 }),
    ],
  },
  resizeNearest: {
    cases: [{ name: "twofold", inputs: [ranged([2, 2, 2, 3])], build: (x) => resizeNearest(x, 2) }],
    wrong: [() => resizeNearest(x(2, 3, 4), 2), () => resizeNearest(x(1, 1, 2, 2), 1.5)],
  },
  upsampleConv: {
    cases: [
      {
        name: "twice, 3x3",
        inputs: [ranged([2, 2, 3, 4]), ranged([3, 2, 3, 3])],
        build: (x, w) => upsampleConv(x, w, 2),
      },
      {
        name: "three times, 5x5",
        inputs: [ranged([1, 2, 3, 2]), ranged([2, 2, 5, 5])],
        build: (x, w) => upsampleConv(x, w, 3),
      },
      {
        name: "a batch",
        inputs: [ranged([16, 2, 3, 3]), ranged([2, 2, 3, 3])],
        build: (x, w) => upsampleConv(x, w, 2),
        derivatives: 0,
      },
    ],
    wrong: [
      () => upsampleConv(x(1, 2, 3, 3), x(1, 2, 2, 2), 2),
      () => upsampleConv(x(2, 3, 3), x(1, 2, 3, 3), 2),
      () => upsampleConv(x(1, 2, 3, 3), x(1, 2, 3, 3), 0),
    ],
  },
  resizeBilinear: {
    cases: [
      { name: "twofold", inputs: [ranged([2, 2, 2, 3])], build: (x) => resizeBilinear(x, { scale: 2 }) },
      {
        name: "to a size, up and down",
        inputs: [ranged([1, 2, 3, 5])],
        build: (x) => resizeBilinear(x, { size: [7, 3] }),
      },
    ],
    wrong: [() => resizeBilinear(x(2, 3, 4), { scale: 2 }), () => resizeBilinear(x(1, 1, 3, 3), { scale: 0.5 })],
  },
  spaceToDepth: {
    cases: [{ name: "2x2 blocks", inputs: [ranged([2, 2, 4, 6])], build: (x) => spaceToDepth(x, 2) }],
    wrong: [() => spaceToDepth(x(1, 1, 3, 4), 2)],
  },
  depthToSpace: {
    cases: [{ name: "2x2 blocks", inputs: [ranged([2, 8, 2, 3])], build: (x) => depthToSpace(x, 2) }],
    wrong: [() => depthToSpace(x(1, 6, 3, 4), 2)],
  },
} satisfies Record<string, OpCases>;
