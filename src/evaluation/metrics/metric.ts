import { type CapabilityName, lacking } from "../capabilities.ts";
import type { Binarization } from "../../data/binarize.ts";
import type { DataSource, Split, SplitName } from "../../data/split.ts";
import type { Extractor } from "../extractors/extractor.ts";
import type { Model } from "../../models/model.ts";
import type { Device } from "../../runtime/device.ts";
import type { ConditionValues } from "../condition.ts";
import type { LatentCodes } from "../latent-codes.ts";
import type { Shown } from "../samples/shown-samples.ts";
import type { TrainedModel } from "../trained-model.ts";

export interface MetricResult {
  readonly name: string;
  /** Which one it is where a metric has several of a name: a density of codes, a factor, a column. */
  readonly of?: string;
  readonly value: number;
  readonly standardError?: number;
  /** Of 95 %. */
  readonly interval?: readonly [low: number, high: number];
  /** Unit, counts, features. */
  readonly note?: string;
  readonly better?: "lower" | "higher";
}

/** An identity that values of one model must satisfy, and whether they do. */
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

/** A run and a split of data to evaluate it on. */
export interface MetricContext {
  readonly loaded: { readonly trained: TrainedModel };
  /** What decodes the run's samples, for a metric that `generates`: the model whose codes it was trained on. `source` and `split` are then of its data. */
  readonly decoder?: TrainedModel;
  readonly source: DataSource;
  /** The examples: a split of the source, or the first of it. */
  readonly split: Split;
  readonly splitName: SplitName;
  readonly binarize: Binarization;
  readonly seed: number;
  /** Samples of z per example, for estimates of the likelihood. */
  readonly samples: number;
  /** Number of generated examples. */
  readonly generated: number;
  /** Whether they are samples of p(x|z) or its means; the kind's default if not given. */
  readonly show?: Shown;
  /** Their priors: densities fitted to codes, or "own" for samples of the model itself. */
  readonly priors: readonly string[];
  /** Options of the model's own sampler that were asked for. */
  readonly sampler: Readonly<Record<string, unknown>>;
  /** A prior of codes by its name: a density fitted to those of training examples, or a run trained on them. With a decoder, of the decoder's codes. */
  readonly prior: (name: string) => Promise<CodeSampler>;
  /** Writes a file into the run's samples/, and returns its path. */
  readonly writeSample: (name: string, content: string) => Promise<string>;
  /** Features of examples: trained or loaded once, on first use. */
  readonly extractor: () => Promise<Extractor>;
  /** Where the classifiers of two-sample tests are trained: gives the same values each time. */
  readonly device: () => Promise<Device>;
}

/** A distribution of the codes of new examples. */
export interface CodeSampler {
  /** What it can be conditioned on. */
  readonly condition?: Model["condition"];
  sample(
    count: number,
    options: {
      readonly seed: number;
      readonly first?: number;
      readonly condition: ConditionValues;
      /** Of a sampler of its own. */
      readonly options?: Readonly<Record<string, unknown>>;
    },
  ): Promise<LatentCodes>;
}

export interface MetricProgress {
  readonly done: number;
  readonly total: number;
}

/** A metric of a run, by its name in `evaluate --metrics`. */
export interface Metric {
  readonly name: string;
  /** One line for people. */
  readonly summary: string;
  /** Evaluated by default. */
  readonly standard?: boolean;
  /** Of generated examples: those of a run trained on codes are decoded, and compared with the data that the codes are of. */
  readonly generates?: true;
  /** Capabilities that the model must have. */
  readonly needs?: readonly CapabilityName[];
  /** Another reason why it cannot be evaluated ("the data have no labels"); undefined where it can. */
  readonly lacking?: (context: MetricContext) => string | undefined;
  /** Yields its progress where it takes long. */
  evaluate(context: MetricContext): AsyncGenerator<MetricProgress, MetricReport> | Promise<MetricReport>;
}

/** Why a metric cannot be evaluated for a run ("the model has no likelihood"); undefined where it can. */
export const whyLacking = ({ needs = [], lacking: other }: Metric, context: MetricContext): string | undefined =>
  lacking(context.loaded.trained.model, needs) ?? other?.(context);

/** A function of a context that is computed once per context, for several metrics. */
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
