import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { constant, Input } from "../../graph/tensor.ts";
import { toOnnx } from "../../onnx/emit.ts";
import { mul } from "../../ops/arithmetic.ts";
import { matmul } from "../../ops/linalg.ts";
import { reshape } from "../../ops/movement.ts";
import { mean } from "../../ops/reduction.ts";
import { onnxExtractor } from "./onnx-extractor.ts";

const folder = mkdtempSync(join(tmpdir(), "latentkit-onnx-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** A model whose feature k is the sum of (position + k) times value over an image's numbers as it gets them, three images at a time. */
function writeModel(name: string, shape: readonly number[], how?: object): string {
  const size = shape.reduce((a, b) => a * b);
  const x = new Input("image", [3, ...shape]);
  const weights = constant(
    Array.from({ length: 2 * size }, (_, at) => Math.floor(at / 2) + (at % 2)),
    [size, 2],
  );
  const features = matmul(reshape(x, [3, size]), weights);
  const logits = mul(features, constant([0, 1], [2]));
  const { bytes } = toOnnx({
    inputs: new Map([[x, "image"]]),
    outputs: new Map([
      ["pool", features],
      ["logits", logits],
    ]),
    target: { kind: "cpu" },
  });
  const path = join(folder, name);
  writeFileSync(path, bytes);
  if (how) writeFileSync(`${path}.json`, JSON.stringify(how));
  return path;
}

test("features are those of the model, for any number of examples", async () => {
  const path = writeModel("plain.onnx", [1, 2, 2], { features: "pool", logits: "logits" });
  const { name, dim, about, features, classify, release } = await onnxExtractor(path, [1, 2, 2]);
  expect(name).toMatch(/^plain\.onnx \([0-9a-f]{8}\)$/);
  expect(about).toMatchObject({ name: "onnx", file: "plain.onnx" });
  expect(dim).toBe(2);
  const x = Float32Array.from({ length: 16 }, (_, i) => i / 16);
  const expected = Array.from({ length: 8 }, (_, at) => {
    const image = [...x.subarray(4 * (at >> 1), 4 * (at >> 1) + 4)];
    return image.reduce((sum, value, i) => sum + value * (i + (at % 2)), 0);
  });
  const found = await features(x);
  expect(found).toHaveLength(8);
  expected.forEach((value, i) => expect(found[i]).toBeCloseTo(value, 5));
  const probabilities = await classify!(x);
  expected.forEach((value, i) => {
    if (i % 2) expect(probabilities[i]).toBeCloseTo(1 / (1 + Math.exp(-value)), 5);
  });
  await release();
});

test("a gray image becomes what the model wants: size, channels, their order, scale and layout", async () => {
  const path = writeModel("colors.onnx", [1, 2, 3], {
    features: "pool",
    size: [1, 2],
    channels: "bgr",
    layout: "channels-last",
    mean: [0.1, 0.2, 0.3],
    std: [1, 2, 4],
  });
  const { features, release } = await onnxExtractor(path, [1, 2, 4]);
  // Halving along each axis by a triangle four pixels wide: weights 3/7, 3/7, 1/7 of three columns, and halves of both rows.
  const x = Float32Array.of(0.1, 0.5, 0.3, 0.9, 0.7, 0.2, 0.4, 0.6);
  const columns = [0, 1, 2, 3].map((k) => (x[k]! + x[4 + k]!) / 2) as [number, number, number, number];
  const [a, b, c, d] = columns;
  const pixels = [(3 * a + 3 * b + c) / 7, (b + 3 * c + 3 * d) / 7];
  const fed = pixels.flatMap((v) => [v - 0.1, (v - 0.2) / 2, (v - 0.3) / 4]);
  const found = await features(x);
  expect(found[0]).toBeCloseTo(
    fed.reduce((sum, v, i) => sum + v * i, 0),
    5,
  );
  await release();

  const reversed = await onnxExtractor(
    writeModel("order.onnx", [3, 1, 1], { features: "pool", channels: "bgr" }),
    [3, 1, 1],
  );
  expect((await reversed.features(Float32Array.of(0.5, 0.25, 1)))[0]).toBeCloseTo(0.25 + 2 * 0.5, 6);
  await reversed.release();
});

test("lists of numbers are fed as they are", async () => {
  const x = new Input("x", [3, 4]);
  const path = join(folder, "lists.onnx");
  const outputs = new Map([["out", mean(mul(x, constant(2)), [1], true)]]);
  writeFileSync(path, toOnnx({ inputs: new Map([[x, "x"]]), outputs, target: { kind: "cpu" } }).bytes);
  const { features, dim, release } = await onnxExtractor(path, [4]);
  expect(dim).toBe(1);
  expect([...(await features(Float32Array.from({ length: 20 }, (_, i) => i)))]).toEqual([3, 11, 19, 27, 35]);
  await release();
});

test("what does not fit is said in one line", async () => {
  const path = writeModel("fixed.onnx", [1, 2, 2], { features: "pool" });
  await expect(onnxExtractor(path, [1, 28, 28])).rejects.toThrow(
    /fixed\.onnx: wrong input, got examples as \[1, 28, 28\], expected float32 \[1, 2, 2\]; say how they become that in .*fixed\.onnx\.json: size, channels, layout$/,
  );
  const unnamed = writeModel("unnamed.onnx", [1, 2, 2]);
  await expect(onnxExtractor(unnamed, [1, 2, 2])).rejects.toThrow(
    /unnamed\.onnx: output is not named, got none, expected one of pool, logits$/,
  );
  const wrong = writeModel("wrong.onnx", [1, 2, 2], { features: "pol" });
  await expect(onnxExtractor(wrong, [1, 2, 2])).rejects.toThrow("output is not in the model, got pol, expected one of");
  const huge = writeModel("huge.onnx", [1, 2, 2], { features: "pool", size: [1e9, 1e9] });
  await expect(onnxExtractor(huge, [1, 2, 2])).rejects.toThrow(/huge\.onnx\.json: "size\.0": got 1000000000, expected/);
  const broken = join(folder, "broken.onnx");
  writeFileSync(broken, "not a model");
  await expect(onnxExtractor(broken, [1, 2, 2])).rejects.toThrow(
    /broken\.onnx: not a model that ONNX Runtime loads, got .+/,
  );
  const gray = writeModel("gray.onnx", [1, 2, 2], { features: "pool", channels: "gray" });
  await expect(onnxExtractor(gray, [3, 2, 2])).rejects.toThrow(
    "wrong input, got examples of [3, 2, 2], expected gray by",
  );
});
