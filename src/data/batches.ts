import { ConfigError } from "../errors.ts";
import { stream } from "../random/index.ts";
import { dynamicBinarization, FIXED_BINARIZATION, type Binarization } from "./binarize.ts";
import { exampleSize, type Field } from "./dataset.ts";
import { checkedField, type FieldArray, fieldArray, fillField } from "./fields.ts";
import { ExampleReader } from "./storage/example-reader.ts";
import { PartiallyLabeled } from "./partially-labeled.ts";
import { shuffled } from "./shuffle.ts";
import type { FieldSpec } from "./spec.ts";
import type { Split } from "./split.ts";

/** Position in the sequence of batches, as plain data that can be saved: batch `index` of epoch `epoch`, both from 0. */
export interface Cursor {
  readonly epoch: number;
  readonly index: number;
}

export interface BatchOptions {
  readonly batchSize: number;
  /**
   * `training`: a new order each epoch, the last partial batch dropped, `dynamic` binarization resampled each epoch.
   * `evaluation`: file order, every example, and one fixed sample for `dynamic` and `fixed` binarization.
   */
  readonly purpose: "training" | "evaluation";
  /** Seed of shuffling and `dynamic` binarization; evaluation does not depend on it. */
  readonly seed?: number;
  readonly binarize?: Binarization;
  /** Fields that are read too: of a class those that a model knows. */
  readonly fields?: readonly FieldSpec[];
  /** Number of training examples that keep their labels, chosen by the seed; labels of the others read as -1. Default: all. */
  readonly labeledExamples?: number;
}

/** A batch in memory. */
export interface BatchArrays {
  /** [batch, ...shape]. */
  readonly x: Float32Array;
  /** By name; a class of -1 is not known. */
  readonly fields: Readonly<Record<string, FieldArray>>;
}

/**
 * The batches of a split. The examples of a batch and their binarization are a pure function of the options and the cursor, so training resumes
 * at a saved cursor bit for bit. Batches are written into the caller's arrays.
 *
 * @example
 * const { train } = await digitsSource({ size: 500 });
 * const batches = new Batches(train, { batchSize: 64, purpose: "training", seed: 0 });
 * const x = new Float32Array(64 * batches.exampleSize);
 * for (const cursor of batches.epoch(0)) batches.fillExamples(x, cursor);
 * batches.batchesPerEpoch; // 7
 */
export class Batches {
  readonly split: Split;
  readonly batchSize: number;
  readonly batchesPerEpoch: number;
  /** Values per example. */
  readonly exampleSize: number;
  /** The fraction of the examples that keep their labels. */
  readonly labeledFraction: number;
  readonly #training: boolean;
  readonly #seed: number;
  readonly #binarize: Binarization;
  readonly #reader: ExampleReader;
  readonly #partly: PartiallyLabeled | undefined;
  readonly #fields: readonly { readonly spec: FieldSpec; readonly field: Field }[];
  #epoch = -1;
  #order: Uint32Array;

  constructor(split: Split, options: BatchOptions) {
    const { batchSize, purpose, seed = 0, binarize = "none", fields = [], labeledExamples = Infinity } = options;
    const count = split.indices.length;
    if (!Number.isSafeInteger(batchSize) || batchSize < 1)
      throw new ConfigError(`batches: batch size out of range, got ${batchSize}, expected an integer from 1`);
    if (count === 0)
      throw new ConfigError(`batches: the split of ${split.dataset.name} is empty, got 0 examples, expected some`);
    if (binarize !== "none" && split.dataset.range === null)
      throw new ConfigError(
        `batches: ${split.dataset.name} holds real numbers, not intensities to binarize, got binarize ${binarize}, expected none: use a likelihood of real numbers, such as --set likelihood=gaussian-learned`,
      );
    const training = purpose === "training";
    if (training && batchSize > count)
      throw new ConfigError(
        `batches: batch larger than the data, got batch size ${batchSize} for ${count} training examples of ${split.dataset.name}, expected at most ${count}`,
      );
    this.#fields = fields.map((spec) => ({ spec, field: checkedField(split.dataset, split.indices, spec) }));
    const label = this.#fields.find(({ spec }) => spec.name === "class");
    if (label?.spec.kind === "class" && label.field.kind === "class" && training && labeledExamples < count) {
      const classes = label.spec.classes.length;
      const options = { count: labeledExamples, classes, batchSize, seed };
      this.#partly = new PartiallyLabeled(split, label.field.values, options);
    }
    this.labeledFraction = this.#partly ? labeledExamples / count : 1;
    this.split = split;
    this.batchSize = batchSize;
    const whole = training ? Math.floor(count / batchSize) : Math.ceil(count / batchSize);
    this.batchesPerEpoch = this.#partly?.batchesPerEpoch ?? whole;
    this.exampleSize = exampleSize(split.dataset);
    this.#training = training;
    this.#seed = seed;
    this.#binarize = binarize;
    this.#reader = new ExampleReader(split.dataset, binarize);
    this.#order = split.indices;
  }

  /** The cursor after `step` batches from the start. */
  cursorAt(step: number): Cursor {
    return { epoch: Math.floor(step / this.batchesPerEpoch), index: step % this.batchesPerEpoch };
  }

  /** The cursor of the next batch. */
  after({ epoch, index }: Cursor): Cursor {
    return index + 1 < this.batchesPerEpoch ? { epoch, index: index + 1 } : { epoch: epoch + 1, index: 0 };
  }

  /** The cursors of one epoch, in order. */
  *epoch(epoch = 0): Generator<Cursor> {
    for (let index = 0; index < this.batchesPerEpoch; index++) yield { epoch, index };
  }

  /** Dataset indices of the examples of a batch: `batchSize`, fewer in the last batch of an evaluation. A view, valid until the next call. */
  indices({ epoch, index }: Cursor): Uint32Array {
    if (
      !(Number.isSafeInteger(epoch) && epoch >= 0 && Number.isSafeInteger(index) && index >= 0) ||
      index >= this.batchesPerEpoch
    )
      throw new ConfigError(
        `batches: cursor out of range, got epoch ${epoch} and batch ${index}, expected an epoch from 0 and a batch from 0 to ${this.batchesPerEpoch - 1}`,
      );
    if (this.#partly) return this.#partly.indices(epoch, index);
    if (this.#training && epoch !== this.#epoch) {
      const { dataset, indices } = this.split;
      this.#order = shuffled(dataset, indices, stream(this.#seed, "shuffle", epoch));
      this.#epoch = epoch;
    }
    return this.#order.subarray(index * this.batchSize, (index + 1) * this.batchSize);
  }

  /**
   * Writes a batch to the start of `out` as float32, [count, ...shape], with intensities scaled to [0, 1] and binarized. Returns count, the
   * number of examples; the rest of `out` is unchanged.
   */
  fillExamples(out: Float32Array, cursor: Cursor): number {
    const examples = this.indices(cursor);
    this.#checkLength("fillExamples", out.length, examples.length * this.exampleSize);
    const dynamic = this.#training && this.#binarize === "dynamic";
    this.#reader.read(out, examples, dynamic ? dynamicBinarization(this.#seed, cursor.epoch) : FIXED_BINARIZATION);
    return examples.length;
  }

  /** Arrays for so many batches, one after the other. */
  allocate(batches = 1): BatchArrays {
    const rows = batches * this.batchSize;
    return {
      x: new Float32Array(rows * this.exampleSize),
      fields: Object.fromEntries(this.#fields.map(({ spec }) => [spec.name, fieldArray(spec, rows)])),
    };
  }

  /** Writes a batch and its fields where the `at`-th of several lies; returns the number of examples written. */
  fill({ x, fields }: BatchArrays, cursor: Cursor, at = 0): number {
    const from = at * this.batchSize;
    const count = this.fillExamples(at === 0 ? x : x.subarray(from * this.exampleSize), cursor);
    if (this.#fields.length > 0) {
      const examples = this.indices(cursor);
      const known = (row: number): boolean => this.#partly?.hasLabel(row) !== false;
      for (const { spec, field } of this.#fields) fillField(field, examples, fields[spec.name]!, { from, known });
    }
    return count;
  }

  /** Writes the labels of a batch to the start of `out` and returns their number; throws `ConfigError` where the dataset has none. */
  fillLabels(out: Int32Array | BigInt64Array, cursor: Cursor): number {
    const { labels, name } = this.split.dataset;
    if (!labels) throw new ConfigError(`batches: ${name} has no labels, got none, expected a labeled dataset`);
    const examples = this.indices(cursor);
    this.#checkLength("fillLabels", out.length, examples.length);
    const labelOf = (example: number, row: number): number =>
      this.#partly?.hasLabel(row) === false ? -1 : labels[example]!;
    if (out instanceof BigInt64Array) examples.forEach((example, row) => (out[row] = BigInt(labelOf(example, row))));
    else examples.forEach((example, row) => (out[row] = labelOf(example, row)));
    return examples.length;
  }

  #checkLength(where: string, got: number, needed: number) {
    if (got < needed)
      throw new ConfigError(`batches.${where}: array too short, got ${got}, expected at least ${needed}`);
  }
}
