import type { DataSource } from "../data/split.ts";
import { ConfigError } from "../errors.ts";
import { cpuDevice } from "../runtime/node.ts";
import { classifierFeatures, trainClassifier } from "../training/classifier.ts";

/** What turns examples into features that their distributions are compared in. */
export interface Extractor {
  /** It, and what decides its features: figures compare where this is the same. */
  readonly name: string;
  /** Numbers in a feature vector. */
  readonly dim: number;
  /** What decides its features, for the record of a figure. */
  readonly about: Readonly<Record<string, unknown>>;
  /** Of examples [count, ...shape] with values in [0, 1]: [count, dim]. */
  features(x: Float32Array): Promise<Float32Array>;
  /** Probabilities of classes, [count, classes]. */
  classify?(x: Float32Array): Promise<Float32Array>;
  release(): Promise<void>;
}

/** The extractor that is trained on the source's own labelled examples. */
export async function openExtractor(source: DataSource, spec = "small-28"): Promise<Extractor> {
  if (spec !== "small-28") throw new ConfigError(`--extractor: unknown extractor, got ${spec}, expected small-28`);
  const classifier = await trainClassifier({ device: await cpuDevice(1), split: source.train });
  return {
    name: `small-28 (${source.name}, seed 0)`,
    dim: classifierFeatures,
    about: { name: "small-28", data: source.name, examples: source.train.indices.length, seed: 0 },
    features: (x) => classifier.features(x),
    release: () => classifier.release(),
  };
}
