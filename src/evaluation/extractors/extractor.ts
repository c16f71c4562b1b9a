import type { DataSource } from "../../data/split.ts";

/** A feature extractor: distributions of examples are compared in its features. */
export interface Extractor {
  /** Its name with all that determines its features: `small-28 v1 (digits 4b54704c, seed 0)`. */
  readonly name: string;
  /** Numbers in a feature vector. */
  readonly dim: number;
  /** All that determines its features, for the record of a value: values are comparable where this is the same. */
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
  /** Called with the progress of training an extractor, in steps. */
  readonly onTraining?: ((step: number, steps: number) => void) | undefined;
}

/** Opens the extractor of a name or file for a source's examples. */
export type OpenExtractor = (source: DataSource, options?: ExtractorOptions) => Promise<Extractor>;

/** A cache of the files of trained extractors. */
export interface ExtractorCache {
  /** A file's bytes, and where it lies, for messages; undefined where it is not kept. */
  read(name: string): Promise<{ readonly bytes: Uint8Array; readonly where: string } | undefined>;
  write(name: string, pieces: readonly Uint8Array[]): Promise<void>;
}
