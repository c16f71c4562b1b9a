/** What is known of data without its examples: models are built for it. */

/** What a model is built for: the same when it is trained and when it is loaded, and kept in run.json. */
export interface DataSpec {
  /** The kind of example: `image`, `points`, `table`, `vector`, `codes` and the like. */
  readonly kind: string;
  /** One example, such as [1, 28, 28]. */
  readonly shape: readonly number[];
  /** Examples of the whole set: estimators of the aggregate posterior weigh a batch by their number. */
  readonly size?: number;
  /** Training examples. */
  readonly examples?: number;
  /** The stored values that became 0 and 1; null where values are real numbers of any size, not intensities. */
  readonly range: readonly [low: number, high: number] | null;
  /** Whether intensities are about 0 or 1, as of drawings and scanned text: false of photographs, missing where no one has looked. */
  readonly binary?: boolean;
  /** How many values there are where they are symbols, whole numbers from 0, such as entries of a codebook. */
  readonly symbols?: number;
  /** Where real numbers of arrays were standardized: by what. */
  readonly standardization?: Standardization;
  /** For rows of a table, what each of their parts is, in the order of an example's values. */
  readonly columns?: readonly ColumnSpec[];
  /** What is known of each example beside its values, by name; a class is named `class`. */
  readonly fields?: readonly FieldSpec[];
}

/** The mean and standard deviation of each value of an example over the dataset, which were subtracted and divided by. */
export interface Standardization {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** A part of a row: one standardized number, or one value of several as a vector with a single 1. */
export type ColumnSpec =
  | { readonly name: string; readonly kind: "number" }
  | { readonly name: string; readonly kind: "category"; readonly values: readonly string[] };

/** Something known of each example: which of several classes, or numbers (attributes as 0 and 1, another picture) of a shape. */
export type FieldSpec =
  | {
      readonly name: string;
      readonly kind: "class";
      readonly classes: readonly string[];
      /** Training examples of each, where counted: what samples without a given class are of. */
      readonly counts?: readonly number[] | undefined;
    }
  | {
      readonly name: string;
      readonly kind: "numbers";
      readonly shape: readonly number[];
      /** How many values there are where they are symbols. */
      readonly symbols?: number | undefined;
    };

/**
 * The spec of examples of a shape without fields: images where it is [channels, height, width], points where it is [2], else vectors.
 * Values are intensities from 0 to 1 unless `range` is null.
 *
 * @example
 * dataSpec([1, 28, 28]).kind; // "image"
 */
export const dataSpec = (shape: readonly number[], more: Partial<DataSpec> = {}): DataSpec => ({
  kind: kindOfShape(shape),
  shape,
  range: [0, 1],
  ...more,
});

/** The kind of examples that are arrays of a shape and nothing more. */
export const kindOfShape = (shape: readonly number[]): string =>
  shape.length === 3 ? "image" : shape.length === 1 && shape[0] === 2 ? "points" : "vector";
