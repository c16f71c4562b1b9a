import fc from "fast-check";
import { expect, test } from "vitest";
import { initialValues, sines } from "../../test/variable-values.ts";
import { ConfigError } from "../errors.ts";
import { evaluate } from "../graph/evaluate.ts";
import { grad } from "../graph/grad.ts";
import { Input } from "../graph/tensor.ts";
import { compute } from "../runtime/compute.ts";
import { cpuDevice } from "../runtime/node.ts";
import { ConvDecoder, ConvEncoder, variables } from "./index.ts";

const stage = fc
  .record({
    channels: fc.integer({ min: 1, max: 4 }),
    kernel: fc.integer({ min: 1, max: 5 }),
    stride: fc.integer({ min: 1, max: 3 }),
    padding: fc.integer({ min: 0, max: 2 }),
  })
  .filter(({ kernel, padding }) => padding < kernel);

test("a decoder gives back the size of every image its encoder takes, and the refused sizes name ones it takes", () => {
  const size = fc.integer({ min: 1, max: 40 });
  fc.assert(
    fc.property(fc.array(stage, { minLength: 1, maxLength: 3 }), size, size, (layers, height, width) => {
      const build = (h: number, w: number): ConvEncoder => new ConvEncoder({ inputShape: [2, h, w], layers });
      let encoder: ConvEncoder;
      try {
        encoder = build(height, width);
      } catch (error) {
        expect(error).toBeInstanceOf(ConfigError);
        const named = /along axis (\d), got (\d+), expected (.*)/.exec((error as Error).message)!;
        expect(Number(named[2])).toBe(named[1] === "1" ? height : width);
        const sizes = named[3]!.split(" or ").map(Number);
        expect(sizes.length).toBeGreaterThan(0);
        for (const d of sizes) expect(build(d, d).inputShape).toEqual([2, d, d]);
        return;
      }
      const x = new Input("x", [3, 2, height, width]);
      const code = encoder.apply(x);
      expect(code.shape).toEqual([3, ...encoder.outputShape]);
      const decoder = new ConvDecoder(encoder, { outChannels: 5 });
      expect(decoder.inputShape).toEqual(encoder.outputShape);
      expect(decoder.apply(code).shape).toEqual([3, 5, height, width]);
      expect(decoder.outputShape).toEqual([5, height, width]);
    }),
    { numRuns: 300, seed: 1 },
  );
});

test("every pixel an encoder accepts reaches its code", () => {
  for (const [size, layer] of [
    [7, { channels: 1, kernel: 4, stride: 2, padding: 1 }],
    [9, { channels: 1, kernel: 3, stride: 3, padding: 0 }],
    [8, { channels: 1, kernel: 3, stride: 3, padding: 2 }],
  ] as const) {
    const encoder = new ConvEncoder({ inputShape: [1, size], layers: [layer], activation: "identity" });
    const x = new Input("x", [1, 1, size]);
    const [slope] = evaluate(grad(encoder.apply(x).sum(), [x]), initialValues(encoder));
    expect(slope!.data.every((v) => v !== 0)).toBe(true);
  }
  expect(() => new ConvEncoder({ inputShape: [1, 10], layers: [{ channels: 1, kernel: 3, stride: 3 }] })).toThrow(
    "ConvEncoder: the layers cannot take this size along axis 1, got 10, expected 9 or 12, or a network of linear layers",
  );
});

test("28x28 digits through two 4x4 stride-2 layers and back, on the CPU device as in the reference", async () => {
  const encoder = new ConvEncoder({
    inputShape: [1, 28, 28],
    layers: [3, 4].map((channels) => ({ channels, kernel: 4, stride: 2, padding: 1 })),
  });
  const decoder = new ConvDecoder(encoder);
  expect(encoder.shapes).toEqual([
    [1, 28, 28],
    [3, 14, 14],
    [4, 7, 7],
  ]);
  expect([...variables({ encoder, decoder })].map(([name, v]) => `${name} [${v.shape}]`)).toEqual([
    "encoder.layers.0.weight [3,1,4,4]",
    "encoder.layers.0.bias [3]",
    "encoder.layers.1.weight [4,3,4,4]",
    "encoder.layers.1.bias [4]",
    "decoder.layers.0.weight [4,3,4,4]",
    "decoder.layers.0.bias [3]",
    "decoder.layers.1.weight [3,1,4,4]",
    "decoder.layers.1.bias [1]",
  ]);
  const x = new Input("x", [2, 1, 28, 28]);
  const y = decoder.apply(encoder.apply(x));
  const roots = [y, ...grad(y.mul(y).mean(), [x, ...variables({ encoder, decoder }).values()])];
  const leaves = new Map([...initialValues({ encoder, decoder }), [x, sines(x, 1)]]);
  const reference = evaluate(roots, leaves);
  const found = await compute(await cpuDevice(1), roots, leaves);
  found.forEach((v, r) => v.data.forEach((n, i) => expect(n).toBeCloseTo(reference[r]!.data[i]!, 4)));
});
