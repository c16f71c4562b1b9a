/** Distances of samples to examples while a model trains: what its weights are selected by where it has no validation of its own. */
import { exampleSize } from "../../data/dataset.ts";
import { inRandomOrder } from "../../data/examples/drawn-examples.ts";
import { firstExamples } from "../../data/first-examples.ts";
import type { DataSource, Split } from "../../data/split.ts";
import { splitSpec } from "../../data/split-spec.ts";
import { featureMoments, frechetDistance } from "../../metrics/samples/frechet-distance.ts";
import { kernelDistance } from "../../metrics/samples/kernel-distance.ts";
import { maximumMeanDiscrepancy } from "../../metrics/samples/maximum-mean-discrepancy.ts";
import type { Model } from "../../models/model.ts";
import { samplerOf } from "../../models/sampler.ts";
import { classifierFeatures } from "../classifier.ts";
import type { Extractor } from "../extractors/extractor.ts";
import { rawName } from "../extractors/raw.ts";
import { smallName } from "../extractors/small-28.ts";
import { forExamples } from "../given-examples.ts";
import { chunk } from "../model-on-device.ts";
import type { TrainedModel } from "../trained-model.ts";
import { shownAs } from "./shown-samples.ts";

export const sampleDistances = ["frechet", "kid", "mmd"] as const;
export type SampleDistanceName = (typeof sampleDistances)[number];

export const isSampleDistance = (name: string): name is SampleDistanceName =>
  sampleDistances.some((distance) => distance === name);

/** How samples are compared with examples: a function of the model and the data alone, so that a resumed run compares them alike. */
export interface Comparison {
  readonly distance: SampleDistanceName;
  /** Name of the extractor, and the size of its features. */
  readonly extractor: string;
  readonly dim: number;
  /** Number of samples, as many as validation examples where that is not too many, and of examples at most. */
  readonly samples: number;
  readonly examples: number;
}

/** A comparison, or what stands against one. */
export type FoundComparison =
  | { readonly comparison: Comparison; readonly lacking?: undefined }
  | { readonly comparison?: undefined; readonly lacking: { readonly got: string; readonly expected: string } };

/** Of samples and of examples, at most. A discrepancy compares every two of them. */
const most: Readonly<Record<SampleDistanceName, readonly [samples: number, examples: number]>> = {
  frechet: [2048, 10_000],
  kid: [2048, 10_000],
  mmd: [512, 512],
};
/** Steps of the sampler over all samples. */
const mostSamplerSteps = 2 ** 17;
/** Numbers of a set of examples: 256 MB. */
const mostNumbers = 2 ** 26;
/** Below so many the distances are mostly noise, and a kernel distance is refused. */
const fewestExamples = 40;
/**
 * A covariance of fewer examples for each feature is mostly noise, and its bias prefers generators of little variance: there the
 * kernel distance, which has none.
 */
const examplesPerFeature = 4;

/**
 * How samples of a model are compared with the validation examples: by the distance that is asked for, or with `auto` by one that suits them. Labeled
 * images are compared in features of small-28, by their Frechet distance, or the kernel distance where they are few; all else as it is: images without
 * labels by the kernel distance, points, rows and vectors by a discrepancy. A ring of modes and a blur of the same covariance have a
 * Frechet distance of 0; no two distributions have a discrepancy of 0.
 */
export function comparisonFor(
  model: Model,
  { train, validation }: Pick<DataSource, "train" | "validation">,
  asked: SampleDistanceName | "auto",
): FoundComparison {
  const steps = samplerSteps(model);
  if (steps === undefined)
    return { lacking: { got: "a model that does not sample by itself", expected: "one that does" } };
  const { dataset } = train;
  const { length: count } = validation.indices;
  const size = exampleSize(dataset);
  const isImage = splitSpec(train).kind === "image";
  const seesClasses = isImage && dataset.labels && (dataset.classNames?.length ?? 0) > 1;
  const [extractor, dim] = seesClasses ? [smallName, classifierFeatures] : [rawName, size];
  const suits = seesClasses && count >= examplesPerFeature * dim ? "frechet" : isImage ? "kid" : "mmd";
  const distance = asked === "auto" ? suits : asked;
  const [mostSamples, mostExamples] = most[distance];
  const needed = fewestOf(distance, dim);
  const examples = Math.min(count, mostExamples, Math.floor(mostNumbers / size));
  const affordable = Math.min(mostSamples, Math.floor(mostSamplerSteps / steps));
  const samples = Math.min(examples, Math.max(affordable, chunk, needed));
  if (examples >= needed) return { comparison: { distance, extractor, dim, samples, examples } };
  const other = distance === "frechet" && examples >= fewestExamples ? ", or kid" : "";
  return {
    lacking: {
      got: `${examples} validation examples${examples < count ? " that fit into memory" : ""}`,
      expected: `at least ${needed} for ${distance} of ${dim} features${other}`,
    },
  };
}

/** What its value is called: a discrepancy is squared. */
export const resultName = (distance: SampleDistanceName): string => (distance === "mmd" ? "mmd2" : distance);

const fewestOf = (distance: SampleDistanceName, dim: number): number =>
  distance === "frechet" ? Math.max(dim + 1, fewestExamples) : fewestExamples;

/** Steps that a sampler takes for each sample; undefined where a model has none, or one with options that have no default. */
function samplerSteps(model: Model): number | undefined {
  const sampler = samplerOf(model);
  const options = sampler?.options.safeParse({});
  return options?.success ? Math.max(1, sampler!.schedule(options.data).length) : undefined;
}

/** What a sample costs, and each of its features in a distance, in training steps of one example; a network of features is as much again. */
const costs = { sample: 0.25, feature: 1 / 128, network: 1.25 };
/** Operations of a Frechet distance, which are cubic in its features, for one such training step. */
const operations = 10_000;

/** Pairs of a discrepancy likewise, of few numbers each. */
const pairs = 200;

/**
 * Bandwidth of a discrepancy in mean distances of two examples. Of a GAN's checkpoints on 8gaussians, a quarter puts those with more samples at
 * modes first; at a whole one, as in a Frechet distance, what matters is the means and covariance, which are right early on.
 */
const relativeBandwidth = 0.25;

/** Root of the mean squared distance of two vectors, (2 tr C)^(1/2). */
function meanDistance(features: Float32Array, dim: number): number {
  const count = features.length / dim;
  const sums = new Float64Array(dim);
  features.forEach((value, i) => (sums[i % dim]! += value));
  const squares = features.reduce((sum, value, i) => sum + (value - sums[i % dim]! / count) ** 2, 0);
  return Math.sqrt((2 * squares) / (count - 1));
}

/** What sampling costs, in training steps of one example. */
export const samplingCost = (model: Model, samples: number): number =>
  costs.sample * samples * (samplerSteps(model) ?? 1);

/** What a comparison costs, in training steps of one example: estimated from networks of a few hundred units a layer, and less for larger ones. */
export function comparisonCost(model: Model, { distance, extractor, dim, samples, examples }: Comparison): number {
  const each = dim * costs.feature + (extractor === smallName ? costs.network : 0);
  const together = { frechet: dim ** 3 / operations, kid: 0, mmd: (samples + examples) ** 2 / 2 / pairs }[distance];
  return samplingCost(model, samples) + samples * each + together;
}

/** Distances of a model's samples to examples, by the weights it has: the codes of the samples are the same each time. */
export class SampleDistance {
  readonly #trained: TrainedModel;
  readonly #comparison: Comparison;
  readonly #extractor: Extractor;
  readonly #seed: number;
  readonly #distances = new WeakMap<Split, Promise<(samples: Float32Array) => number>>();

  constructor(
    trained: TrainedModel,
    options: { readonly comparison: Comparison; readonly extractor: Extractor; readonly seed: number },
  ) {
    this.#trained = trained;
    this.#comparison = options.comparison;
    this.#extractor = options.extractor;
    this.#seed = options.seed;
  }

  /**
   * The distance to examples of a split, by its name; nothing where the split has too few. A conditional model is given their conditions. `first` is
   * the place of the first sample among all of the seed. NaN where a sample is not finite.
   */
  async to(split: Split, { first = 0 } = {}): Promise<Readonly<Record<string, number>>> {
    const { distance, dim, samples: count } = this.#comparison;
    if (split.indices.length < fewestOf(distance, dim)) return {};
    const { model, kind } = this.#trained;
    const given = forExamples(this.#trained, this.#compared(split));
    const samples = await given.sample(count, { seed: this.#seed, first, ...shownAs(model, kind) });
    const name = resultName(distance);
    if (!samples.every(Number.isFinite)) return { [name]: Number.NaN };
    const distanceTo = await this.#distanceTo(split);
    return { [name]: distanceTo(await this.#extractor.features(samples)) };
  }

  async release(): Promise<void> {
    await this.#extractor.release();
  }

  /** Where the samples of another split begin, so that no code is of both. */
  get next(): number {
    return chunk * Math.ceil(this.#comparison.samples / chunk);
  }

  /** In a random order: files are often sorted. */
  #compared(split: Split): Split {
    const { dataset, indices } = inRandomOrder(split, this.#seed);
    return { dataset, indices: indices.subarray(0, this.#comparison.examples) };
  }

  /** Of features of samples to those of a split, which are computed once. */
  #distanceTo(split: Split): Promise<(samples: Float32Array) => number> {
    const held = this.#distances.get(split) ?? this.#prepare(split);
    this.#distances.set(split, held);
    return held;
  }

  async #prepare(split: Split): Promise<(samples: Float32Array) => number> {
    const { distance, dim, examples } = this.#comparison;
    const real = await this.#extractor.features(firstExamples(this.#compared(split), examples));
    // A generator that has collapsed is far from the examples; it is no error.
    const mayBeEqual = true;
    if (distance === "kid")
      return (samples) => kernelDistance(samples, real, dim, { seed: this.#seed, mayBeEqual }).value;
    if (distance === "mmd") {
      // Of the examples alone, so that it is the same for all weights.
      const bandwidth = relativeBandwidth * meanDistance(real, dim);
      const options = { kernel: "imq", bandwidth, permutations: 0, mayBeEqual } as const;
      return (samples) => maximumMeanDiscrepancy(samples, real, dim, options).squaredMmd;
    }
    const moments = featureMoments(real, dim);
    return (samples) => frechetDistance(featureMoments(samples, dim, { mayBeEqual }), moments);
  }
}
