import { type CapabilityName, lacking } from "../capabilities.ts";
import type { Binarization } from "../../data/binarize.ts";
import type { DataSource, Split, SplitName } from "../../data/split.ts";
import type { Extractor } from "../extractors/extractor.ts";
import type { Device } from "../../runtime/device.ts";
import type { ConditionValues } from "../condition.ts";
import type { LatentCodes } from "../latent-codes.ts";
import type { Shown } from "../shown-samples.ts";
import type { TrainedModel } from "../trained-model.ts";

export interface MetricResult {
  readonly name: string;
  /** Which one it is where a metric has several of a name: a density of codes, a factor, a column. */
  readonly of?: string;
  readonly value: number;
  readonly standardError?: number;
  /** Of 95 %. */
  readonly interval?: readonly [low: number, high: number];
  /** What a person needs beside it: unit, counts, features. */
  readonly note?: string;
  readonly better?: "lower" | "higher";
}

/** An identity that values of one model must satisfy, and by how much they do. */
export interface Check {
  readonly name: string;
  readonly holds: boolean;
  readonly detail: string;
}

export interface MetricReport {
  readonly results: readonly MetricResult[];
  /** Everything needed to compare the values beyond what an evaluation says for all: extractor, sample counts, settings. */
  readonly conditions: Readonly<Record<string, unknown>>;
  readonly checks?: readonly Check[];
  /** A line each. */
  readonly warnings?: readonly string[];
  readonly details?: Readonly<Record<string, unknown>>;
}

/** What is measured: a run on a split of data. */
export interface MetricContext {
  readonly loaded: { readonly trained: TrainedModel };
  readonly source: DataSource;
  /** The examples measured on: of a split of the source, perhaps the first so many. */
  readonly split: Split;
  readonly splitName: SplitName;
  readonly binarize: Binarization;
  readonly seed: number;
  /** Draws of z an example, for estimates of the likelihood. */
  readonly samples: number;
  /** Generated examples that are held against real ones. */
  readonly generated: number;
  /** Whether they are samples of p(x|z) or its means; as their kind is shown where not given. */
  readonly show?: Shown;
  /** Where their codes come from: densities fitted to codes, or "own" for samples of the model itself. */
  readonly priors: readonly string[];
  /** A prior of codes by its name: a density fitted to those of training examples, or a run trained on them. */
  readonly prior: (name: string) => Promise<CodeSampler>;
  /** Keeps a picture of this name with what is measured, and gives the path to it. */
  readonly writeSample: (name: string, content: string) => Promise<string>;
  /** Features of examples: trained or loaded once, on first use. */
  readonly extractor: () => Promise<Extractor>;
  /** Where networks are trained that tell samples from examples: gives the same values each time. */
  readonly device: () => Promise<Device>;
}

/** What codes of new examples come from. */
export interface CodeSampler {
  sample(count: number, options: { readonly seed: number; readonly condition: ConditionValues }): Promise<LatentCodes>;
}

export interface MetricProgress {
  readonly done: number;
  readonly total: number;
}

/** One thing that can be measured of a run, by the name that `evaluate --metrics` takes. */
export interface Metric {
  readonly name: string;
  /** One line for people. */
  readonly summary: string;
  /** Measured where nothing is asked for by name. */
  readonly standard?: boolean;
  /** What the model must be able to do. */
  readonly needs?: readonly CapabilityName[];
  /** Why it cannot be measured for another reason, in words ("the data have no labels"); undefined where it can. */
  readonly lacking?: (context: MetricContext) => string | undefined;
  /** Yields how far it is where that takes long. */
  evaluate(context: MetricContext): AsyncGenerator<MetricProgress, MetricReport> | Promise<MetricReport>;
}

/** Why a run lacks a metric, in words ("the model has no likelihood"); undefined where it can be measured. */
export const whyLacking = ({ needs = [], lacking: other }: Metric, context: MetricContext): string | undefined =>
  lacking(context.loaded.trained.model, needs) ?? other?.(context);

/** A function of a context whose result is kept as long as the context: what several metrics start from. */
export function oncePerContext<T>(
  make: (context: MetricContext, of: string) => Promise<T>,
): (context: MetricContext, of?: string) => Promise<T> {
  const made = new WeakMap<MetricContext, Map<string, Promise<T>>>();
  return (context, of = "") => {
    let results = made.get(context);
    if (!results) made.set(context, (results = new Map()));
    let result = results.get(of);
    if (!result) results.set(of, (result = make(context, of)));
    return result;
  };
}
