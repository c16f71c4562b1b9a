import { extname } from "node:path";
import type { DataSource } from "../data/split.ts";
import { ConfigError } from "../errors.ts";
import { sizeOf } from "../graph/shape.ts";
import { nearestName } from "../nearest-name.ts";
import { isImage } from "../pictures/image-grid.ts";
import { quoted } from "../serialization/quoted.ts";
import { onnxExtractor } from "./onnx-extractor.ts";
import { readSmallExtractor, smallExtractor, smallName } from "./small-extractor.ts";

/** What turns examples into features that their distributions are compared in. */
export interface Extractor {
  /** It and what decides its features, for people: `small-28 v1 (digits 4b54704c, seed 0)`. */
  readonly name: string;
  /** Numbers in a feature vector. */
  readonly dim: number;
  /** All that decides its features, for the record of a figure: figures compare where this is the same. */
  readonly about: Readonly<Record<string, unknown>>;
  /** Of examples [count, ...shape] with values in [0, 1]: [count, dim]. */
  readonly features: (x: Float32Array) => Promise<Float32Array>;
  /** Probabilities of classes, [count, classes]. */
  readonly classify?: (x: Float32Array) => Promise<Float32Array>;
  readonly release: () => Promise<void>;
}

export interface ExtractorOptions {
  /** A name or file; where not given, the one that suits the source. */
  readonly spec?: string | undefined;
  /** Hears how far the training of an extractor is, in steps. */
  readonly onTraining?: ((step: number, steps: number) => void) | undefined;
}

/** Opens the extractor of a name or file for a source's examples. */
export type OpenExtractor = (source: DataSource, options?: ExtractorOptions) => Promise<Extractor>;

/** The values of an example as they are. */
export const rawName = "raw";

/**
 * The extractor of a name or file for a source's examples: `small-28`, trained on the source's own labelled examples or found in the
 * cache; `raw`, their values as they are; a file of `metrics train-extractor` (.safetensors), or any ONNX model (.onnx). Where none is
 * named, small-28 for images and raw for all else. `onTraining` hears how far the training of one is. Throws ConfigError for a name
 * that is none, DataError for a file or labels that are missing or do not fit.
 */
export async function openExtractor(
  source: DataSource,
  {
    spec = isImage(source.train.dataset.shape) ? smallName : rawName,
    onTraining,
  }: {
    readonly spec?: string | undefined;
    readonly onTraining?: ((step: number, steps: number) => void) | undefined;
  } = {},
): Promise<Extractor> {
  const { shape } = source.train.dataset;
  if (spec === rawName) {
    const as = (x: Float32Array): Promise<Float32Array> => Promise.resolve(x);
    const dim = sizeOf(shape);
    return { name: rawName, dim, about: { name: rawName }, features: as, release: () => Promise.resolve() };
  }
  if (spec === smallName) return smallExtractor(source, { onTraining });
  const ending = extname(spec);
  if (ending === ".safetensors") return readSmallExtractor(spec, shape);
  if (ending === ".onnx") return onnxExtractor(spec, shape);
  const nearest = nearestName(spec, [smallName, rawName]);
  throw new ConfigError(
    `--extractor: unknown extractor, got ${quoted(spec)}, expected ${smallName}, ${rawName}, or a file that ends in .safetensors or .onnx${nearest ? `; did you mean ${nearest}?` : ""}`,
  );
}
