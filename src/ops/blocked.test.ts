import { describe, expect, test } from "vitest";
import { expectAlike } from "../../test/rewritten-alike.ts";
import { Input, type Tensor, topologicalOrder } from "../graph/index.ts";
import { GroupNorm } from "../nn/normalization.ts";
import { variables } from "../nn/module.ts";
import { withBlocks } from "./blocked.ts";
import { concat, conv, convTranspose, mean, mul, relu, split, upsampleConv } from "./index.ts";

const block = 4;
const input = (...shape: number[]): Input => new Input("x", shape);

/** How many nodes of each op there are after the rewrite, which keeps values and gradients. */
function expectEqual(y: Tensor, leaves: readonly Tensor[]): (op: string) => number {
  const rewritten = expectAlike(y, leaves, (roots) => withBlocks(roots, block));
  const names = topologicalOrder(rewritten).map(({ op }) => op.name);
  return (op) => names.filter((name) => name === op).length;
}

describe("a large convolution in blocks keeps values and gradients", () => {
  test.each<[string, Tensor, Tensor, Parameters<typeof conv>[2]]>([
    ["3x3", input(2, 8, 10, 10), input(8, 8, 3, 3), { padding: 1 }],
    ["fewer outputs than inputs", input(2, 12, 10, 11), input(4, 12, 3, 3), { padding: 1 }],
    ["more outputs, no padding", input(1, 4, 12, 12), input(8, 4, 3, 3), {}],
    [
      "an even kernel with unequal padding",
      input(2, 8, 10, 10),
      input(4, 8, 2, 3),
      { padding: { before: 1, after: [0, 1] } },
    ],
  ])("%s", (_, x, w, options) => {
    const count = expectEqual(conv(x, w, options), [x, w]);
    expect(count("ConvBlocked")).toBe(2);
    expect(count("ConvWeightGradientBlocked")).toBe(1);
    expect(count("Conv") + count("ConvTranspose") + count("ConvWeightGradient")).toBe(0);
  });
  test("transposed, stride 1", () => {
    const [x, w] = [input(2, 8, 10, 10), input(8, 4, 3, 3)];
    expect(expectEqual(convTranspose(x, w, { padding: 1 }), [x, w])("ConvBlocked")).toBe(2);
  });
  test.each<[string, Tensor, Tensor, Parameters<typeof conv>[2]]>([
    ["channels that are no whole blocks", input(2, 6, 10, 10), input(8, 6, 3, 3), { padding: 1 }],
    ["a stride", input(2, 8, 20, 20), input(8, 8, 3, 3), { stride: 2, padding: 1 }],
    ["groups", input(2, 8, 10, 10), input(8, 4, 3, 3), { padding: 1, groups: 2 }],
    ["few pixels", input(2, 8, 5, 5), input(8, 8, 3, 3), { padding: 1 }],
    ["1x1 alone", input(2, 8, 10, 10), input(8, 8, 1, 1), {}],
  ])("left as it is: %s", (_, x, w, options) => {
    expect(expectEqual(conv(x, w, options), [x, w])("ConvBlocked")).toBe(0);
  });
});

describe("between convolutions nothing is reordered", () => {
  const [x, w, v] = [input(2, 8, 10, 10), input(8, 8, 3, 3), input(8, 8, 3, 3)];
  const first = conv(x, w, { padding: 1 });
  /** Of a function of blocks between two convolutions, one of more input channels or kernels. */
  const between = (
    f: (h: Tensor) => Tensor,
    more: readonly Tensor[] = [],
    kernel: Tensor = v,
  ): ((op: string) => number) =>
    expectEqual(conv(f(first), kernel, { padding: (kernel.shape[2]! - 1) / 2 }), [x, w, kernel, ...more]);

  test.each<[string, (h: Tensor) => Tensor, readonly Tensor[]]>([
    ["a nonlinearity", relu, []],
    ["a residual sum", (h) => h.add(relu(h)), []],
    ["a mean of each channel", (h) => h.mul(mean(h, [2, 3], true)), []],
    ["a mean of all", (h) => h.sub(mean(h)), []],
    ["a mean over channels", (h) => h.sub(mean(h, 1, true)), []],
    ["a mean of each row", (h) => h.sub(mean(h, 3, true)), []],
  ])("%s", (_, f, more) => {
    const count = between(f, more);
    // x goes in, the output and the gradient of x come out.
    expect(count("Block")).toBe(1);
    expect(count("Unblock")).toBe(2);
    expect(count("ConvBlocked")).toBe(4);
  });
  test("a bias is the convolution's own", () => {
    const bias = input(8, 1, 1);
    const count = between((h) => relu(h.add(bias)), [bias]);
    expect(count("Add")).toBe(0);
    expect(count("Block") + count("Unblock")).toBe(3);
  });
  test("what each example adds to a channel", () => {
    const shift = input(2, 8, 1, 1);
    const count = between((h) => relu(mul(h, 2).add(shift)), [shift]);
    expect(count("Block") + count("Unblock")).toBe(3);
  });
  test("a group norm", () => {
    const norm = new GroupNorm(2, 8);
    const count = between((h) => norm.apply(h), [...variables(norm).values()]);
    expect(count("Block") + count("Unblock")).toBe(3);
  });
  test("two joined, and cut apart at whole blocks", () => {
    const wide = input(8, 12, 3, 3);
    const count = between((h) => concat([h, split(h, 1, 2)[1]], 1), [], wide);
    expect(count("Block") + count("Unblock")).toBe(3);
  });
  test("a 1x1 convolution", () => {
    const count = between(relu, [], input(8, 8, 1, 1));
    expect(count("ConvBlocked")).toBe(4);
    expect(count("ConvWeightGradientBlocked")).toBe(2);
  });
  test("an enlargement keeps values", () => {
    const kernel = input(4, 8, 3, 3);
    expectEqual(upsampleConv(relu(first), kernel, 2), [x, w, kernel]);
  });
});
