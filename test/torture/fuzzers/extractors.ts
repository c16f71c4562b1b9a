import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { constant, Input } from "../../../src/graph/tensor.ts";
import { onnxExtractor } from "../../../src/node/extractors/onnx-extractor.ts";
import { toOnnx } from "../../../src/onnx/emit.ts";
import { matmul } from "../../../src/ops/linalg.ts";
import { reshape } from "../../../src/ops/movement.ts";
import type { Fuzzer } from "../fuzzing/fuzzer.ts";
import { mutatedJson } from "../fuzzing/json-mutations.ts";
import { text } from "./open-data.ts";

/** Two features of 2 x 2 images. */
function model(): Uint8Array {
  const x = new Input("image", [3, 1, 2, 2]);
  const weights = constant([1, 2, 3, 4, 5, 6, 7, 8], [4, 2]);
  const features = matmul(reshape(x, [3, 4]), weights);
  return toOnnx({
    inputs: new Map([[x, "image"]]),
    outputs: new Map([["features", features]]),
    target: { kind: "cpu" },
  }).bytes;
}

const how = {
  size: [2, 2],
  channels: "gray",
  layout: "channels-first",
  mean: [0.5],
  std: [0.5],
  features: "features",
  batch: 3,
};
const [file, beside] = ["a.onnx", "a.onnx.json"];

export const extractors: Fuzzer = {
  name: "extractor",
  seeds: () => [
    { name: file, bytes: model() },
    { name: beside, bytes: text(JSON.stringify(how)), change: mutatedJson },
  ],
  reader: (folder) => {
    const whole = model();
    return async ({ name, bytes }) => {
      writeFileSync(join(folder, file), whole);
      writeFileSync(join(folder, beside), text(JSON.stringify(how)));
      writeFileSync(join(folder, name), bytes);
      const extractor = await onnxExtractor(join(folder, file), [1, 2, 2]);
      await extractor.release();
    };
  },
};
