import { FIXED_DRAW } from "./binarize.ts";
import { fillUniform, streamKey } from "../random/index.ts";
import { exampleSize } from "./dataset.ts";
import { ExampleReader } from "./example-reader.ts";
import type { Split } from "./split.ts";

/** How far levels of stored values are apart once they are scaled to [0, 1]; undefined for values that are real numbers. */
export function levelWidth({ dataset: { range, values } }: Split): number | undefined {
  if (range === null || values instanceof Float32Array || "readFloats" in values) return undefined;
  return 1 / (range[1] - range[0]);
}

/**
 * The split with uniform noise over the cell of its level added to each value, which is scaled to [0, 1] as ever: half a cell to either
 * side. A pure function of (seed, example). Throws RangeError for values that have no levels.
 */
export function dequantized(split: Split, seed: number): Split {
  const width = levelWidth(split);
  if (width === undefined) throw new RangeError(`${split.dataset.name}: values have no levels`);
  const { dataset, indices } = split;
  const reader = new ExampleReader(dataset, "none");
  const noise = new Float32Array(exampleSize(dataset));
  const readFloats = (example: number, into: Float32Array): void => {
    reader.read(into, Uint32Array.of(example), FIXED_DRAW);
    fillUniform(noise, streamKey(seed, "dequantize", example));
    for (let i = 0; i < noise.length; i++) into[i]! += (noise[i]! - 0.5) * width;
  };
  const content = `${dataset.fingerprint} dequantized by ${seed}`;
  return { dataset: { ...dataset, values: { content, readFloats }, range: null }, indices };
}
