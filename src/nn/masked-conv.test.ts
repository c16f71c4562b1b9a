import { describe, expect, test } from "vitest";
import { initialValues, sines } from "../../test/variable-values.ts";
import { evaluate } from "../graph/evaluate.ts";
import { grad } from "../graph/grad.ts";
import { constant, Input } from "../graph/tensor.ts";
import { conv } from "../ops/index.ts";
import { MaskedConv } from "./index.ts";

describe.each([1, 3, 5])("a masked convolution of %ix%i", (kernel) => {
  const [height, width] = [4, 3];
  const x = new Input("x", [1, 2, height, width]);
  test.each(["A", "B"] as const)("with mask %s sees exactly the pixels before it in its window", (mask) => {
    const layer = new MaskedConv(2, 3, kernel, { mask });
    const values = new Map([...initialValues(layer), [x, sines(x, 1)]]);
    const y = layer.apply(x);
    expect(y.shape).toEqual([1, 3, height, width]);
    const half = (kernel - 1) / 2;
    for (let at = 0; at < height * width; at++) {
      const one = constant(
        Array.from({ length: y.size }, (_, i) => Number(i % (height * width) === at)),
        y.shape,
      );
      const [slope] = evaluate(grad(y.mul(one).sum(), [x]), values);
      slope!.data.forEach((v, i) => {
        const from = i % (height * width);
        const [down, right] = [Math.floor(from / width) - Math.floor(at / width), (from % width) - (at % width)];
        const inWindow = Math.abs(down) <= half && Math.abs(right) <= half;
        const before = mask === "A" ? from < at : from <= at;
        expect(v !== 0).toBe(inWindow && before);
      });
    }
  });
});

test("it is the convolution with the masked kernel", () => {
  const x = new Input("x", [2, 2, 5, 4]);
  const layer = new MaskedConv(2, 3, 3, { mask: "B" });
  const mask = constant([1, 1, 1, 1, 1, 0, 0, 0, 0], [1, 1, 3, 3]);
  const whole = conv(x, layer.weight.mul(mask), { padding: 1 });
  const [found, expected] = evaluate([layer.apply(x), whole], new Map([...initialValues(layer), [x, sines(x, 2)]]));
  found!.data.forEach((v, i) => expect(v).toBeCloseTo(expected!.data[i]!, 12));
});

test("an even kernel has no center, and is refused", () => {
  expect(() => new MaskedConv(1, 1, 4, { mask: "A" })).toThrow(
    "MaskedConv: got a kernel of 4, expected a positive odd",
  );
});
