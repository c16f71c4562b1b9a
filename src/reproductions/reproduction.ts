import type { Binarization } from "../data/binarize.ts";
import type { TrainingSettings } from "../training/settings.ts";

/** A figure that a table reports, and the one of ours that stands beside it. */
export interface ReproductionFigure {
  /** Its name in `theirs`. */
  readonly name: string;
  readonly heading: string;
  /** The name that the measures give it, and of what it is where they have several of the name: the first that was measured. */
  readonly ours: string;
  readonly of?: readonly string[];
  /** Digits after the point. */
  readonly digits: number;
}

/** One line of a published table: a model of the registry, its settings, and what the paper reports. */
export interface ReproductionRow {
  readonly name: string;
  readonly title: string;
  readonly model: string;
  readonly config: Readonly<Record<string, unknown>>;
  /** Where it is not trained like the others. */
  readonly training?: Partial<TrainingSettings>;
  /** By name; text where the paper writes it otherwise: 16+5 active units are those of two layers. */
  readonly theirs: Readonly<Record<string, number | string>>;
}

/** A published table that can be run again. */
export interface Reproduction {
  readonly name: string;
  readonly title: string;
  /** Where `theirs` are from. */
  readonly paper: string;
  /** What the rows learn from, as --data takes it, and how it is read. */
  readonly data: string;
  readonly dataOptions?: Readonly<Record<string, unknown>>;
  /** How intensities become 0 or 1; as the model's likelihood has it where not given. */
  readonly binarize?: Binarization;
  /** How each row is trained, unless told otherwise. */
  readonly training: Partial<TrainingSettings>;
  /** Each row is trained and measured with each of them. */
  readonly seeds: readonly number[];
  /** What is measured of a row, by the names of `evaluate --metrics`. */
  readonly measures: readonly string[];
  /** Draws of z an example. */
  readonly samples?: number;
  /** Generated examples, and the densities of codes that they come from; own only for models that have p(z). */
  readonly generated?: number;
  readonly priors?: readonly string[];
  readonly figures: readonly ReproductionFigure[];
  /** Where figures of the paper cannot be compared with ours, what can: how many times one figure of a row is another. */
  readonly ratios?: readonly { readonly heading: string; readonly over: string; readonly under: string }[];
  /** What is not as it was in the paper. */
  readonly differences: readonly string[];
  readonly rows: readonly ReproductionRow[];
}
