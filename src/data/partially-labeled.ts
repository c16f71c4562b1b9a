import { ConfigError } from "../errors.ts";
import { stream } from "../random/index.ts";
import type { ClassIndices, Dataset } from "./dataset.ts";
import { shuffled } from "./shuffle.ts";
import type { Split } from "./split.ts";

/** Fraction of each batch that is labeled. */
const labeledFraction = 1 / 4;

/**
 * A semi-supervised split: only `count` examples keep their labels, balanced over classes and chosen by the seed. A quarter of the rows of each
 * batch, evenly spaced, are labeled. Labeled and unlabeled examples are shuffled separately; the labeled ones repeat within an epoch.
 */
export class PartiallyLabeled {
  readonly batchesPerEpoch: number;
  readonly #dataset: Dataset;
  readonly #kept: Uint32Array;
  readonly #others: Uint32Array;
  readonly #rows: number;
  readonly #batch: Uint32Array;
  readonly #seed: number;
  /** The current order of the labeled and of the unlabeled examples. */
  readonly #orders = new Map<string, { readonly pass: number; readonly order: Uint32Array }>();

  /** `labels` are of the whole dataset, each below `classes`; `count` is below the split's size. */
  constructor(
    { dataset, indices }: Split,
    labels: ClassIndices,
    options: { readonly count: number; readonly classes: number; readonly batchSize: number; readonly seed: number },
  ) {
    const { count, classes, batchSize, seed } = options;
    const rows = Math.min(count, Math.max(1, Math.round(labeledFraction * batchSize)));
    const most = Array.from({ length: classes }, (_, c) => Math.floor(count / classes) + Number(c < count % classes));
    const kept: number[] = [];
    const others: number[] = [];
    for (const at of stream(seed, "labelled").permutation(indices.length)) {
      const example = indices[at]!;
      (most[labels[example]!]!-- > 0 ? kept : others).push(example);
    }
    // Classes with too few examples are made up for by others.
    kept.push(...others.splice(0, count - kept.length));
    this.batchesPerEpoch = Math.floor(others.length / (batchSize - rows));
    if (this.batchesPerEpoch === 0)
      throw new ConfigError(
        `batches: batch larger than the data, got batch size ${batchSize} for ${others.length} examples without labels, expected at most ${others.length + rows}`,
      );
    this.#dataset = dataset;
    this.#kept = Uint32Array.from(kept);
    this.#others = Uint32Array.from(others);
    this.#rows = rows;
    this.#batch = new Uint32Array(batchSize);
    this.#seed = seed;
  }

  /** Whether a row of every batch is labeled. */
  hasLabel(row: number): boolean {
    return this.#before(row + 1) > this.#before(row);
  }

  /** Dataset indices of a batch. A view, valid until the next call. */
  indices(epoch: number, index: number): Uint32Array {
    const batch = this.#batch;
    const rows = this.#rows;
    const place = (epoch * this.batchesPerEpoch + index) * rows;
    const others = this.#order("shuffle", epoch, this.#others);
    for (let row = 0; row < batch.length; row++) {
      const before = this.#before(row);
      if (this.hasLabel(row)) {
        const size = this.#kept.length;
        const order = this.#order("labelled", Math.floor((place + before) / size), this.#kept);
        batch[row] = order[(place + before) % size]!;
      } else batch[row] = others[index * (batch.length - rows) + row - before]!;
    }
    return batch;
  }

  /** Number of labeled rows before a row. */
  #before(row: number): number {
    return Math.floor((row * this.#rows) / this.#batch.length);
  }

  #order(kind: string, pass: number, examples: Uint32Array): Uint32Array {
    const last = this.#orders.get(kind);
    if (last?.pass === pass) return last.order;
    const order = shuffled(this.#dataset, examples, stream(this.#seed, kind, pass));
    this.#orders.set(kind, { pass, order });
    return order;
  }
}
