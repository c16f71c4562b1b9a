import { describe, expect, test } from "vitest";
import { initialValues, sines } from "../../../test/variable-values.ts";
import { evaluate } from "../../graph/evaluate.ts";
import { grad } from "../../graph/grad.ts";
import { constant, Input, type Tensor } from "../../graph/tensor.ts";
import { type Value, value } from "../../graph/value.ts";
import { evaluation } from "../../nn/context.ts";
import { slice, sum } from "../../ops/index.ts";
import { GatedStacks, type GatedStacksOptions, type PixelCondition } from "./gated-stacks.ts";

const usual: GatedStacksOptions = {
  grid: { channels: 1, height: 4, width: 5 },
  inChannels: 2,
  width: 3,
  depth: 2,
  kernel: 3,
  firstKernel: 3,
  dropout: 0,
  condition: { vector: 0, picture: 0 },
};
const cases: readonly (readonly [string, Partial<GatedStacksOptions>])[] = [
  ["one layer", { depth: 1 }],
  ["one layer of a large kernel", { depth: 1, firstKernel: 7 }],
  ["two layers", {}],
  ["three layers of two kernels", { depth: 3, firstKernel: 5 }],
  ["a large kernel after a small one", { kernel: 5 }],
  ["one row", { grid: { channels: 1, height: 1, width: 7 }, depth: 3 }],
  ["two columns", { grid: { channels: 1, height: 3, width: 2 } }],
  ["a condition", { condition: { vector: 3, picture: 2 } }],
];

/** A pixel of a picture. */
const at = (t: Tensor, row: number, column: number): Tensor => slice(slice(t, 2, row, row + 1), 3, column, column + 1);
/** Biases are not 0. */
const weights = (stacks: GatedStacks): Map<Tensor, Value> =>
  new Map(
    [...initialValues(stacks, 3)].map(([v, { data, ...type }], i) => [
      v,
      value(
        type.dtype,
        type.shape,
        data.map((w, k) => w + 0.3 * Math.sin(1 + i + 3 * k)),
      ),
    ]),
  );

describe.each(cases)("%s", (_, more) => {
  const options = { ...usual, ...more };
  const { height, width } = options.grid;
  const stacks = new GatedStacks(options);
  const count = 2;
  const x = new Input("x", [count, options.inChannels, height, width]);
  const vector = new Input("vector", [count, 3]);
  const picture = new Input("picture", [count, 2, height, width]);
  const leaves = weights(stacks);
  for (const [i, input] of [x, vector, picture].entries()) leaves.set(input, sines(input, i));
  const given: PixelCondition = options.condition.vector > 0 ? { vector, picture } : {};
  const features = stacks.apply(x, given, evaluation);
  const places = Array.from({ length: height * width }, (_, i) => i);

  test("features of a pixel depend on all pixels before it within reach, and on no other", () => {
    const reach = (options.firstKernel - 1) / 2 + ((options.depth - 1) * (options.kernel - 1)) / 2;
    const gradients = places.map((i) => {
      const [row, column] = [Math.floor(i / width), i % width];
      return grad(sum(at(features, row, column)), [x])[0]!;
    });
    const found = evaluate(gradients, leaves);
    for (const i of places)
      for (const j of places) {
        const [down, across] = [Math.floor(i / width) - Math.floor(j / width), (i % width) - (j % width)];
        const seen = j < i && down <= reach && Math.abs(across) <= reach;
        const values = Array.from({ length: options.inChannels }, (_, c) => found[i]!.data[c * height * width + j]!);
        expect(
          values.every((g) => (seen ? g !== 0 : g === 0)),
          `${i} in ${j}: ${values.join()}`,
        ).toBe(true);
      }
  });

  test("those that sampling computes from what it keeps are the same", () => {
    let state = stacks.start(count);
    const pixels: Tensor[] = [];
    for (const i of places) {
      const [row, column] = [Math.floor(i / width), i % width];
      const pictureRow = given.picture && slice(given.picture, 2, row, row + 1);
      const ofRow = { vector: given.vector, picture: pictureRow };
      if (column === 0 && height > 1) state = stacks.row(state, ofRow, evaluation);
      const place = constant(column, [], "int64");
      const here = { ...ofRow, picture: pictureRow && slice(pictureRow, 3, column, column + 1) };
      const { h, next } = stacks.pixel(state, place, here, evaluation);
      pixels.push(h);
      state = stacks.put(next, at(x, row, column), place);
    }
    const [whole, ...found] = evaluate([features, ...pixels], leaves);
    for (const i of places)
      found[i]!.data.forEach((value, k) => expect(value).toBeCloseTo(whole!.data[k * height * width + i]!, 10));
  });
});
