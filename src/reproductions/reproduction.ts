import type { Binarization } from "../data/binarize.ts";
import type { TrainingSettings } from "../training/settings.ts";

/** A metric of a published table, and the metric of ours beside it. */
export interface ReproductionColumn {
  /** Key in `theirs`. */
  readonly name: string;
  readonly heading: string;
  /** Name of our metric and, where there are several of that name, its `of` in order of preference. */
  readonly ours: string;
  readonly of?: readonly string[];
  /** Decimal places. */
  readonly digits: number;
}

/** One row of a published table: a model of the registry, its configuration, and the reported values. */
export interface ReproductionRow {
  readonly name: string;
  readonly title: string;
  readonly model: string;
  readonly config: Readonly<Record<string, unknown>>;
  /** Training data of this row, where it is not the table's. */
  readonly data?: string;
  /** Training settings of this row that differ from the table's. */
  readonly training?: Partial<TrainingSettings>;
  /** Reported values by name; text where the paper's is not a number. */
  readonly theirs: Readonly<Record<string, number | string>>;
  /** `theirs` has not been found in the source: shown with a question mark, and left out of comparisons with it. */
  readonly unverified?: boolean;
}

/** A published table that can be reproduced. */
export interface Reproduction {
  readonly name: string;
  readonly title: string;
  /** Source of `theirs`. */
  readonly paper: string;
  /** Training data, as for --data, and its options. */
  readonly data: string;
  readonly dataOptions?: Readonly<Record<string, unknown>>;
  /** Binarization; by default that of the model's likelihood. */
  readonly binarize?: Binarization;
  /** Training settings of all rows, unless overridden. */
  readonly training: Partial<TrainingSettings>;
  /** Seeds with which each row is trained and evaluated. */
  readonly seeds: readonly number[];
  /** Metrics of each row, by their names in `evaluate --metrics`. */
  readonly metrics: readonly string[];
  /** Samples of z per example. */
  readonly samples?: number;
  /** Number of generated examples, and the densities over codes that they are sampled from; `own` is for models with p(z). */
  readonly generated?: number;
  readonly priors?: readonly string[];
  readonly columns: readonly ReproductionColumn[];
  /** Where the paper's values are not comparable with ours: ratios of two metrics of a row, which are. */
  readonly ratios?: readonly { readonly heading: string; readonly over: string; readonly under: string }[];
  /** What `reproduce` draws of the rows besides samples: codes of test examples in the colors of their classes. */
  readonly figure?: "codes";
  /** Differences from the paper. */
  readonly differences: readonly string[];
  readonly rows: readonly ReproductionRow[];
}
