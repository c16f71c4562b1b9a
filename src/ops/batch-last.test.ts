import { describe, expect, test } from "vitest";
import { expectAlike } from "../../test/rewritten-alike.ts";
import { grad, Input, type Tensor, topologicalOrder, Variable } from "../graph/index.ts";
import { withBatchLast } from "./batch-last.ts";
import {
  concat,
  conv,
  convTranspose,
  exp,
  flatten,
  matmul,
  mean,
  mul,
  pad,
  relu,
  reshape,
  slice,
  split,
  square,
  sub,
  sum,
  transpose,
  variance,
} from "./index.ts";

const input = (...shape: number[]): Input => new Input("x", shape, "float64");
const opsOf = (roots: readonly Tensor[]): string[] =>
  topologicalOrder(roots).flatMap((t) => (t.inputs.length > 0 ? [t.op.name] : []));

/** The ops after the rewrite, which keeps values and gradients. */
const expectEqual = (y: Tensor, leaves: readonly Tensor[]): string[] => opsOf(expectAlike(y, leaves, withBatchLast));

describe("a convolution done batch-last keeps values and gradients", () => {
  test.each<[string, Tensor, Tensor, Parameters<typeof conv>[2]]>([
    ["3x3", input(16, 9, 4, 3), input(3, 9, 3, 3), { padding: 1 }],
    ["few input channels", input(16, 2, 5, 4), input(3, 2, 2, 3), { stride: 2, padding: 1 }],
    ["4x4, stride 2", input(16, 4, 6, 6), input(2, 4, 4, 4), { stride: 2, padding: 1 }],
    ["a stride that leaves a rest", input(16, 9, 6, 7), input(2, 9, 3, 2), { stride: [2, 3], padding: [1, 0] }],
    ["dilation", input(16, 9, 6, 5), input(2, 9, 2, 3), { dilation: [3, 2], padding: [0, 1] }],
    ["groups", input(16, 8, 3, 3), input(16, 4, 2, 2), { groups: 2, stride: 2, padding: 1 }],
    ["1-D", input(16, 9, 9), input(3, 9, 3), { stride: 2, padding: 2, dilation: 2 }],
    ["unequal padding", input(16, 9, 5, 4), input(3, 9, 2, 3), { padding: { before: 1, after: [0, 1] } }],
    [
      "unequal padding, strides",
      input(16, 9, 6, 5),
      input(3, 9, 3, 4),
      { stride: [2, 3], padding: { before: [0, 2], after: [1, 0] } },
    ],
  ])("%s", (_, x, w, options) => {
    expect(expectEqual(conv(x, w, options), [x, w])).toContain("ConvBatchLast");
  });
  test.each<[string, Tensor, Tensor, Parameters<typeof convTranspose>[2]]>([
    ["3x3", input(16, 4, 3, 2), input(4, 3, 3, 3), { padding: 1 }],
    ["4x4, stride 2", input(16, 4, 3, 3), input(4, 2, 4, 4), { stride: 2, padding: 1 }],
    ["unequal padding", input(16, 4, 3, 3), input(4, 2, 3, 4), { stride: 2, padding: { before: [0, 2], after: 1 } }],
    [
      "an odd kernel, stride 2 and output padding",
      input(16, 4, 3, 2),
      input(4, 2, 3, 3),
      { stride: 2, padding: 1, outputPadding: 1 },
    ],
    [
      "uneven strides",
      input(16, 4, 3, 2),
      input(4, 2, 5, 2),
      { stride: [2, 3], padding: [3, 0], outputPadding: [1, 2] },
    ],
    ["groups", input(16, 4, 2, 2), input(4, 8, 2, 3), { groups: 2, stride: 2 }],
    ["dilation", input(16, 4, 2, 2), input(4, 2, 2, 3), { dilation: [2, 1], padding: 1 }],
    ["dilation and stride, left as they are", input(16, 4, 2, 2), input(4, 2, 2, 3), { dilation: 2, stride: 2 }],
    ["1-D", input(16, 4, 4), input(4, 2, 4), { stride: 2, padding: 1 }],
  ])("transposed: %s", (_, x, w, options) => {
    expectEqual(convTranspose(x, w, options), [x, w]);
  });
});

test.each<[string, Tensor, Tensor, number]>([
  ["a small batch", input(4, 2, 4, 4), input(2, 2, 3, 3), 1],
  ["a depthwise convolution", input(16, 4, 4, 4), input(4, 1, 3, 3), 4],
])("%s is left as it is", (_, x, w, groups) => {
  expect(expectEqual(conv(x, w, { groups }), [x, w])).not.toContain("ConvBatchLast");
});

test("between convolutions nothing is transposed: bias, nonlinearity, residual sum, normalization", () => {
  const x = input(16, 4, 4, 4);
  const [w1, w2, b1, b2] = [input(4, 4, 3, 3), input(4, 4, 3, 3), input(4), input(4)];
  const perChannel = (b: Tensor): Tensor => reshape(b, [4, 1, 1]);
  const h = relu(conv(x, w1, { padding: 1 }).add(perChannel(b1)));
  const normalized = mul(sub(h, mean(h, [0, 2, 3], true)), variance(h, [0, 2, 3], true));
  const y = h.add(relu(conv(normalized, w2, { padding: 1 }).add(perChannel(b2))));
  expect(opsOf(withBatchLast([sum(square(y))])).filter((name) => name === "Transpose")).toHaveLength(1);
  expectEqual(y, [x, w1, w2, b1, b2]);
});

test("a linear layer takes features from a convolution with no transpose but its own", () => {
  const [x, w, v] = [input(16, 3, 4, 4), input(4, 3, 3, 3), input(16, 5)];
  const y = matmul(flatten(conv(x, w)), v);
  const [root] = withBatchLast([y]);
  expect(root!.op.name).toBe("MatMul");
  expect(root!.inputs[0]!.op.name).toBe("Transpose");
  expect(root!.inputs[0]!.rank).toBe(2);
  expectEqual(y, [x, w, v]);
});

describe("linear layers in training", () => {
  const weight = (...shape: number[]): Variable =>
    new Variable(shape, { kind: "constant", value: 0 }, { dtype: "float64" });
  const linear = (x: Tensor, w: Variable, b: Variable): Tensor => matmul(x, transpose(w)).add(b);
  const transposed = (roots: readonly Tensor[]): Tensor[] =>
    topologicalOrder(roots).filter((t) => t.op.name === "Transpose" && !(t.inputs[0] instanceof Variable));

  test("an auto-encoder with one sample per code transposes its data and its noise, and nothing else", () => {
    const [x, noise] = [input(16, 6), input(1, 16, 2)];
    const [w1, b1, w2, b2] = [weight(4, 6), weight(4), weight(6, 2), weight(6)];
    const [mean, logVar] = split(linear(x, w1, b1), -1, 2);
    const z = reshape(noise.mul(exp(logVar)).add(mean), [16, 2]);
    const y = square(linear(z, w2, b2).sub(x));
    const leaves = [w1, b1, w2, b2];
    const roots = withBatchLast(grad(sum(y), leaves));
    // A product takes a transpose for free; two are read by something else.
    const read = new Set(topologicalOrder(roots).flatMap((t) => (t.op.name === "MatMul" ? [] : t.inputs)));
    const sizes = transposed(roots).flatMap((t) => (read.has(t) ? [t.size] : []));
    expect(sizes).toEqual([noise.size, x.size]);
    const ops = expectEqual(sum(y, 1), [x, noise, ...leaves]);
    expect(ops.filter((name) => name === "Sub")).toHaveLength(1);
  });

  test("concatenations, pads and slices are moved", () => {
    const [x, w, b] = [input(16, 3), weight(4, 3), weight(4)];
    const h = linear(x, w, b);
    const y = concat([pad(h, [0, 1], [0, 2]), slice(h, 1, 3, 0, -2), slice(h, 1, 1, 2)], 1);
    const ops = expectEqual(y, [x, w, b]);
    expect(ops).toContain("Concat");
  });

  test("weights used both ways round keep values and gradients", () => {
    const [x, w, b, c] = [input(16, 3), weight(4, 3), weight(4), weight(3)];
    expectEqual(matmul(relu(linear(x, w, b)), w).add(c), [x, w, b, c]);
  });

  test("a small batch and a forward pass alone are left as they are", () => {
    const [w, b] = [weight(4, 3), weight(4)];
    const forward = linear(input(16, 3), w, b);
    expect(withBatchLast([forward])).toEqual([forward]);
    const small = grad(sum(square(linear(input(8, 3), w, b))), [w, b]);
    expect(withBatchLast(small)).toEqual(small);
  });
});
