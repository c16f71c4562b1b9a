/** Features by an ONNX model that somebody else made, such as Inception, with what becomes of examples before it in a JSON file beside it. */
import { basename } from "node:path";
import { z } from "zod";
import { DataError } from "../../errors.ts";
import { type Shape, sizeOf } from "../../graph/shape.ts";
import { constant, Input, type Tensor } from "../../graph/tensor.ts";
import { div, sub } from "../../ops/arithmetic.ts";
import { broadcastTo, flip, transpose } from "../../ops/movement.ts";
import { resizeBilinear } from "../../ops/resize.ts";
import { isImage } from "../../pictures/image-grid.ts";
import { cpuDevice, loadOnnx, type OnnxValue } from "../../runtime/node.ts";
import { Program } from "../../runtime/program.ts";
import { createVariables } from "../../runtime/variables.ts";
import { matching, parseJsonObject } from "../../serialization/json.ts";
import { sha256Hex } from "../../sha256.ts";
import type { Extractor } from "../../evaluation/extractors/extractor.ts";
import { readExtractorFile } from "./read-extractor-file.ts";
import { status } from "../data/open-file.ts";

const mostBytes = 2 ** 31 - 1;
const mostJsonBytes = 100_000;
/** Numbers of a batch, and of all features: 1 and 2 GB. */
const [mostFed, mostFeatures] = [2 ** 28, 2 ** 29];

const side = z.int().min(1).max(4096);
const perChannel = z.array(z.number()).min(1).max(3);
const preprocessing = z.strictObject({
  /** Height and width that images are scaled to, smoothed where they shrink; the examples' own where it is missing. */
  size: z.tuple([side, side]).optional(),
  /** Gray images are repeated for rgb and bgr. */
  channels: z.enum(["gray", "rgb", "bgr"]).optional(),
  layout: z.enum(["channels-first", "channels-last"]).default("channels-first"),
  /** (x - mean) / std of intensities in [0, 1], one number for all or for each channel in the model's order. */
  mean: perChannel.default([0]),
  std: z.array(z.number().positive()).min(1).max(3).default([1]),
  /** Names in the model; missing where it has one of its kind. */
  input: z.string().optional(),
  features: z.string().optional(),
  /** An output with probabilities of classes, or one with their logarithms up to a constant. */
  probabilities: z.string().optional(),
  logits: z.string().optional(),
  /** Examples at a time, for a model that leaves that open. */
  batch: z.int().min(1).max(10_000).default(50),
});
type Preprocessing = z.output<typeof preprocessing>;

/**
 * The extractor of an ONNX file for examples of a shape. How they become its input stands in FILE.onnx.json; without it they are fed
 * as they are. Throws DataError for a file that is no model, or of another input size, CheckpointError for JSON that does not fit.
 */
export async function onnxExtractor(path: string, shape: Shape): Promise<Extractor> {
  const bytes = await readExtractorFile(path, mostBytes);
  const beside = `${path}.json`;
  const text = (await status(beside)) ? new TextDecoder().decode(await readExtractorFile(beside, mostJsonBytes)) : "{}";
  const how = matching(preprocessing, parseJsonObject(text, beside), beside);
  const model = await loadOnnx(bytes, path);
  const input = named(model.inputs, how.input, `${path}: input`);
  const features = named(model.outputs, how.features, `${path}: output`).name;
  const classes = how.probabilities ?? how.logits;
  if (classes !== undefined) named(model.outputs, classes, `${path}: output`);
  const batch = typeof input.shape[0] === "number" ? input.shape[0] : how.batch;

  const x = new Input("x", [batch, ...shape]);
  const fed = prepared(x, how, path);
  const fits =
    input.type === "float32" &&
    input.shape.length === fed.rank &&
    input.shape.every((extent, i) => typeof extent === "string" || extent === fed.shape[i]);
  if (!fits)
    throw new DataError(
      `${path}: wrong input, got examples as [${fed.shape.slice(1).join(", ")}], expected ${input.type} [${input.shape.slice(1).join(", ")}]; ` +
        `say how they become that in ${beside}: size, channels, layout`,
    );
  if (fed.size > mostFed)
    throw new DataError(
      `${path}: a batch is too large, got ${batch} of [${fed.shape.slice(1).join(", ")}], expected at most ${mostFed} numbers; set "batch" in ${beside}`,
    );
  const store = createVariables(await cpuDevice(), []);
  const preparation = new Program(store, { name: "preparation", outputs: new Map([["fed", fed]]) });

  /** An output of all examples, [count, .]. */
  const rows = async (output: string, examples: Float32Array): Promise<Float32Array> => {
    const size = sizeOf(shape);
    const count = examples.length / size;
    const some = new Float32Array(batch * size);
    let all: Float32Array | undefined;
    for (let first = 0; first < count; first += batch) {
      some.fill(0).set(examples.subarray(first * size, (first + batch) * size));
      const { fed: data } = await preparation.run({ inputs: { x: some }, outputs: ["fed"] });
      const found = (await model.run(input.name, data as Float32Array, fed.shape, [output]))[output]!;
      if (found.shape[0] !== batch)
        throw new DataError(
          `${path}: output ${output} is not one row an example, got [${found.shape.join(", ")}], expected [${batch}, ...]`,
        );
      const width = found.data.length / batch;
      if (count * width > mostFeatures)
        throw new DataError(
          `${path}: features are too large to hold, got ${count} of ${width} numbers, expected at most ${mostFeatures} in all`,
        );
      all ??= new Float32Array(count * width);
      all.set(found.data.subarray(0, all.length - first * width), first * width);
    }
    return all ?? new Float32Array();
  };
  const dim = (await rows(features, new Float32Array(sizeOf(shape)))).length;
  const digest = await sha256Hex([bytes]);
  const probabilities = async (examples: Float32Array): Promise<Float32Array> => {
    const found = await rows(classes!, examples);
    return how.probabilities === undefined
      ? softmaxRows(found, found.length / (examples.length / sizeOf(shape)))
      : found;
  };
  return {
    name: `${basename(path)} (${digest.slice(0, 8)})`,
    dim,
    about: { name: "onnx", file: basename(path), sha256: digest, preprocessing: how },
    features: (examples) => rows(features, examples),
    ...(classes !== undefined && { classify: probabilities }),
    release: async () => {
      await preparation.release();
      await store.release();
      await model.release();
    },
  };
}

/** The value of a name, or the only one there is. */
function named(values: readonly OnnxValue[], name: string | undefined, what: string): OnnxValue {
  const found =
    name === undefined ? (values.length === 1 ? values[0] : undefined) : values.find((v) => v.name === name);
  if (found) return found;
  throw new DataError(
    `${what} ${name === undefined ? "is not named" : "is not in the model"}, got ${name ?? "none"}, expected one of ${values.map((v) => v.name).join(", ")}`,
  );
}

/** Examples as the model wants them. */
function prepared(x: Tensor, { size, channels, layout, mean, std }: Preprocessing, path: string): Tensor {
  const [batch, ...shape] = x.shape as [number, ...number[]];
  if (!isImage(shape)) return channels === undefined && size === undefined ? scaled(x, [1]) : wrong();
  const [given, height, width] = shape;
  const wanted = channels === undefined ? given : channels === "gray" ? 1 : 3;
  if (wanted < given) return wrong();
  let y = size && size.join() !== `${height},${width}` ? resizeBilinear(x, { size }, { antialias: true }) : x;
  if (wanted > given) y = broadcastTo(y, [batch, wanted, ...y.shape.slice(2)]);
  if (channels === "bgr") y = flip(y, 1);
  y = scaled(y, [wanted, 1, 1]);
  return layout === "channels-last" ? transpose(y, [0, 2, 3, 1]) : y;

  function scaled(values: Tensor, to: readonly [number, ...number[]]): Tensor {
    const each = (numbers: readonly number[]): Tensor => {
      if (numbers.length !== 1 && numbers.length !== to[0])
        throw new DataError(
          `${path}.json: mean and std are not one for all or for each channel, got ${numbers.length}, expected 1 or ${to[0]}`,
        );
      return constant(numbers, numbers.length === 1 ? [1] : to);
    };
    return div(sub(values, each(mean)), each(std));
  }
  function wrong(): never {
    throw new DataError(
      `${path}: wrong input, got examples of [${shape.join(", ")}], expected ${channels ?? "images"}${size ? ` of ${size.join("x")}` : ""} by ${path}.json`,
    );
  }
}

function softmaxRows(logits: Float32Array, width: number): Float32Array {
  const out = new Float32Array(logits.length);
  for (let row = 0; row < logits.length; row += width) {
    const each = logits.subarray(row, row + width);
    const largest = each.reduce((a, b) => Math.max(a, b), -Infinity);
    const total = each.reduce((sum, l) => sum + Math.exp(l - largest), 0);
    each.forEach((l, i) => (out[row + i] = Math.exp(l - largest) / total));
  }
  return out;
}
