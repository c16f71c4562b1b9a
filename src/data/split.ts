import { ConfigError, DataError } from "../errors.ts";
import { findNamed } from "../nearest-name.ts";
import { stream } from "../random/index.ts";
import type { Dataset } from "./dataset.ts";
import { fingerprint } from "./fingerprint.ts";
import { stratifiedOrder } from "./examples/stratified-order.ts";

/** A subset of a dataset: example indices in file order. Nothing is copied. */
export interface Split {
  readonly dataset: Dataset;
  readonly indices: Uint32Array;
}

/** Throws DataError where examples have another shape than a model takes. */
export function refuseOtherShape(name: string, { dataset: { shape } }: Split, expected: readonly number[]): void {
  if (shape.join() !== expected.join())
    throw new DataError(
      `${name}: examples do not fit the model, got [${shape.join(", ")}], expected [${expected.join(", ")}]`,
    );
}

/** The splits of a data source. */
export const splitNames = ["train", "validation", "test"] as const;
export type SplitName = (typeof splitNames)[number];

/** A split by its name. Throws ConfigError naming the nearest. */
export const findSplit = (where: string, name: string): SplitName =>
  findNamed(
    where,
    "split",
    name,
    splitNames.map((each) => ({ name: each })),
  ).name;

/** The training, validation and test splits of a data source. */
export interface DataSource {
  readonly name: string;
  readonly description: string;
  readonly train: Split;
  readonly validation: Split;
  readonly test: Split;
  /** What a person should know of how the data were read, a line each: columns left out, integers that became categories. */
  readonly notes?: readonly string[];
  /** SHA-256 in hex of all three splits' contents and indices. */
  readonly fingerprint: string;
  /** Where the examples are codes of a trained run: which, and how to turn standardized codes back. */
  readonly parent?: CodesParent;
}

/** The run that examples are codes of. */
export interface CodesParent {
  readonly path: string;
  /** Optimizer steps behind its weights, and their SHA-256. */
  readonly step: number;
  readonly weights: string;
  /** The latent that the examples are of. */
  readonly latent: string;
  readonly take: "means" | "samples";
  /** By latent: mean and standard deviation of each dimension over the training codes. */
  readonly standardization: Readonly<
    Record<string, { readonly mean: readonly number[]; readonly std: readonly number[] }>
  >;
}

export interface SplitOptions {
  /** Examples held out for validation: a count from 1, or a fraction below 1 (default: a tenth). */
  readonly validation?: number;
  /** Examples held out for testing, likewise; 0 (the default) leaves the test split empty. */
  readonly test?: number;
  /** Seed of the shuffle that selects held-out examples. */
  readonly seed?: number;
  /** Whether nothing is held out: every example is in the training split, in file order. */
  readonly whole?: boolean;
}

/**
 * Every example of a dataset as one split.
 *
 * @example
 * whole(await digits({ size: 3 })).indices; // [0, 1, 2]
 */
export function whole(dataset: Dataset): Split {
  return { dataset, indices: Uint32Array.from({ length: dataset.size }, (_, i) => i) };
}

/**
 * Divides a dataset at random into training, validation and test splits; each lists its examples in file order. Of labeled examples, every
 * split has nearly the same fraction of each class. Throws `ConfigError` where no training examples are left.
 *
 * @example
 * const { train, validation, test } = splitDataset(await digits({ size: 100 }), { validation: 10, test: 0.2 });
 * [train, validation, test].map(({ indices }) => indices.length); // [70, 10, 20]
 */
export function split(dataset: Dataset, options: SplitOptions = {}): Parts {
  return divide(whole(dataset), options);
}

export type Parts = Pick<DataSource, "train" | "validation" | "test">;

/** Splits in random order, unless whole: files are often sorted by class, and image grids show the first few examples. */
export function mixed(
  { train, validation, test }: Parts,
  { seed = 0, whole: asTheyAre = false }: Pick<SplitOptions, "seed" | "whole"> = {},
): Parts {
  if (asTheyAre) return { train, validation, test };
  const mix = ({ dataset, indices }: Split): Split => ({
    dataset,
    indices: stream(seed, "order")
      .permutation(indices.length)
      .map((at) => indices[at]!),
  });
  return { train: mix(train), validation: mix(validation), test: mix(test) };
}

/** Completes missing splits with examples held out of the training split, a tenth each. */
export function completeParts(
  { train, validation, test }: { readonly train: Split; readonly validation?: Split; readonly test?: Split },
  options: Pick<SplitOptions, "validation" | "seed" | "whole"> = {},
): Parts {
  if (options.whole) return { train, validation: validation ?? emptyOf(train), test: test ?? emptyOf(train) };
  if (!validation && !test) return divide(train, { ...options, test: 0.1 });
  if (!validation) return { ...divide(train, options), test: test! };
  if (test) return { train, validation, test };
  const divided = divide(train, options);
  return { train: divided.train, validation, test: divided.validation };
}

const emptyOf = ({ dataset }: Split): Split => ({ dataset, indices: new Uint32Array() });

function divide(all: Split, options: SplitOptions): Parts {
  if (options.whole) return { train: all, validation: emptyOf(all), test: emptyOf(all) };
  const { dataset, indices } = all;
  const { labels } = dataset;
  const places = dividedPlaces(indices.length, labels && ((at) => labels[indices[at]!]!), options);
  const part = (of: Uint32Array): Split => ({ dataset, indices: of.map((at) => indices[at]!).toSorted() });
  return { train: part(places.train), validation: part(places.validation), test: part(places.test) };
}

/** Which of `size` examples each part has, at random and by their classes. Throws `ConfigError` where no training examples are left. */
export function dividedPlaces(
  size: number,
  classOf: ((at: number) => number) | undefined,
  { validation = 0.1, test = 0, seed = 0 }: SplitOptions,
): Readonly<Record<SplitName, Uint32Array>> {
  const validationCount = heldOutCount("validation", validation, size);
  const testCount = test === 0 ? 0 : heldOutCount("test", test, size);
  const trainCount = size - validationCount - testCount;
  if (trainCount < 1)
    throw new ConfigError(
      `split: nothing left to train on, got ${validationCount} validation and ${testCount} test of ${size} examples, expected fewer`,
    );
  const shuffled = stream(seed, "split").permutation(size);
  const order = classOf ? stratifiedOrder(shuffled, classOf) : shuffled;
  const until = trainCount + validationCount;
  return {
    train: order.subarray(0, trainCount),
    validation: order.subarray(trainCount, until),
    test: order.subarray(until, until + testCount),
  };
}

/** The number of held-out examples, from a count of at least 1 or a fraction below 1; throws `ConfigError`. */
export function heldOutCount(which: string, wish: number, size: number): number {
  const count = wish < 1 ? Math.max(1, Math.round(wish * size)) : wish;
  if (!(wish > 0) || !Number.isSafeInteger(count))
    throw new ConfigError(`split: ${which} out of range, got ${wish}, expected a count from 1 or a fraction in (0, 1)`);
  return count;
}

/**
 * Adds the fingerprint to a data source.
 *
 * @example
 * const dataset = await digits({ size: 100 });
 * const { name, description } = dataset;
 * const source = await createDataSource({ name, description, ...splitDataset(dataset, { test: 0.1 }) });
 */
export async function createDataSource(parts: Omit<DataSource, "fingerprint">): Promise<DataSource> {
  const { train, validation, test } = parts;
  const pieces = [train, validation, test].flatMap(({ dataset, indices }) => [dataset.fingerprint, indices]);
  return { ...parts, fingerprint: await fingerprint(...pieces) };
}
