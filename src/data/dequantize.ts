import { FIXED_BINARIZATION } from "./binarize.ts";
import { fillUniform, streamKey } from "../random/index.ts";
import { exampleSize } from "./dataset.ts";
import { ExampleReader } from "./storage/example-reader.ts";
import type { Split } from "./split.ts";

/** Distance between quantization levels after scaling to [0, 1]; undefined for values that are real numbers. */
export function levelWidth({ dataset: { range, values } }: Split): number | undefined {
  if (range === null || values instanceof Float32Array || "readFloats" in values) return undefined;
  return 1 / (range[1] - range[0]);
}

/**
 * Uniform dequantization: the split with uniform noise of one level's width, centered at 0, added to each value in [0, 1]. A pure function of
 * (seed, example). Throws RangeError for values that are not quantized.
 */
export function dequantized(split: Split, seed: number): Split {
  const width = levelWidth(split);
  if (width === undefined) throw new RangeError(`${split.dataset.name}: values have no levels`);
  const { dataset, indices } = split;
  const reader = new ExampleReader(dataset, "none");
  const noise = new Float32Array(exampleSize(dataset));
  const readFloats = (example: number, into: Float32Array): void => {
    reader.read(into, Uint32Array.of(example), FIXED_BINARIZATION);
    fillUniform(noise, streamKey(seed, "dequantize", example));
    for (let i = 0; i < noise.length; i++) into[i]! += (noise[i]! - 0.5) * width;
  };
  const content = `${dataset.fingerprint} dequantized by ${seed}`;
  return { dataset: { ...dataset, values: { content, readFloats }, range: null }, indices };
}
