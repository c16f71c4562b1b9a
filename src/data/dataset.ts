import { DataError } from "../errors.ts";
import type { Blocks } from "./storage/block-cache.ts";
import type { Column } from "./tables/column.ts";
import type { Gap } from "./tables/gaps.ts";
import type { Factors } from "./generators/factors.ts";
import { fingerprint } from "./fingerprint.ts";
import type { Standardization } from "./spec.ts";

/** Examples generated or read one at a time, for datasets too large for memory. */
export interface ExampleStore {
  /** Text that determines the content, hashed in its place. */
  readonly content: string;
  /** Layout on disk; present where random access is slow. */
  readonly blocks?: Blocks;
  /** Writes the bytes of one example. */
  read(example: number, into: Uint8Array): void;
}

/** The same for examples of real numbers stored in a compact form. */
export interface FloatStore {
  readonly content: string;
  readonly blocks?: Blocks;
  /** Writes the values of one example. */
  readFloats(example: number, into: Float32Array): void;
}

/** The class of each example, or numbers of a shape: attributes as 0 and 1, measurements, another picture. */
export type Field =
  | { readonly kind: "class"; readonly values: ClassIndices; readonly classes: readonly string[] }
  | {
      readonly kind: "numbers";
      /** Of one example. */
      readonly shape: readonly number[];
      /** How many values there are where they are symbols: whole numbers from 0 to one below. */
      readonly symbols?: number;
      /** [examples, ...shape]. */
      readonly values: Float32Array;
    };

/** Indices of classes: up to 256 take a byte each. */
export type ClassIndices = Uint8Array | Uint16Array;

export const mostClasses = 65_536;

/** Symbols are kept as float32, where whole numbers are exact up to here. */
export const mostSymbols = 2 ** 24;

/** Room for the classes of so many examples. */
export const classIndices = (classes: number, examples: number): ClassIndices =>
  classes <= 256 ? new Uint8Array(examples) : new Uint16Array(examples);

/** Examples in their stored form; only batches are converted to float. */
export interface Dataset<Values = Uint8Array | Float32Array | ExampleStore | FloatStore> {
  readonly name: string;
  /** One line: what the examples are and where they come from. */
  readonly description: string;
  /** Shape of one example, such as [channels, height, width]. */
  readonly shape: readonly number[];
  readonly size: number;
  /** `size` examples one after another, each row-major in `shape`. */
  readonly values: Values;
  /** Stored values that map to 0 and 1; null where values are real numbers and not intensities. */
  readonly range: readonly [low: number, high: number] | null;
  /** How many values there are where they are symbols: whole numbers from 0 to one below. */
  readonly symbols?: number;
  /** Where the values are standardized real numbers: by what. */
  readonly standardization?: Standardization;
  /** What each example is called, such as the path of its file; not part of the content. */
  readonly names?: readonly string[];
  /** One class index per example. */
  readonly labels?: ClassIndices;
  /** Names of the classes, by index; present with `labels`. */
  readonly classNames?: readonly string[];
  /** What else is known of each example, by name. */
  readonly fields?: Readonly<Record<string, Field>>;
  /** What kind of example it is, where the shape does not say: rows of a table, codes. */
  readonly kind?: string;
  /** What the numbers of an example stand for, where it is a row of a table. */
  readonly columns?: readonly Column[];
  /** What of another table the columns cannot express. */
  readonly gaps?: readonly Gap[];
  /** Generative factors of the examples, where known. */
  readonly factors?: Factors;
  /** SHA-256 in hex of shape, range, values and labels: equal for equal content, whatever the name. */
  readonly fingerprint: string;
}

/** Number of values in one example. */
export function exampleSize({ shape }: Pick<Dataset, "shape">): number {
  return shape.reduce((size, extent) => size * extent, 1);
}

/**
 * Validates and fingerprints a dataset; unnamed classes are named by index. Throws `DataError`.
 *
 * @example
 * const points = await createDataset({
 *   name: "line",
 *   description: "points on a line",
 *   shape: [2],
 *   size: 100,
 *   values: Float32Array.from({ length: 200 }, (_, i) => Math.floor(i / 2) / 100),
 *   range: null,
 * });
 * points.fingerprint.length; // 64
 */
export async function createDataset<Values extends Dataset["values"]>(
  parts: Omit<Dataset<Values>, "fingerprint">,
): Promise<Dataset<Values>> {
  const { name, shape, size, values, range, labels, classNames } = parts;
  const fail = (what: string, got: string | number, expected: string) =>
    new DataError(`${name}: ${what}, got ${got}, expected ${expected}`);
  if (!shape.every((extent) => Number.isSafeInteger(extent) && extent > 0))
    throw fail("an example has an extent that is not positive", `[${shape.join(", ")}]`, "positive integers");
  if (!Number.isSafeInteger(size) || size < 1)
    throw fail("size is not a number of examples", size, "an integer of at least 1");
  const expected = size * exampleSize(parts);
  const stored = ArrayBuffer.isView(values);
  if (stored && values.length !== expected)
    throw fail("values and shape differ in size", `${values.length} values`, `${size} x [${shape.join(", ")}]`);
  if (range !== null && (!(range[1] > range[0]) || !Number.isFinite(range[1] - range[0])))
    throw fail("the range of the values is empty or not finite", `[${range.join(", ")}]`, "low < high");
  if (labels !== undefined && labels.length !== size)
    throw fail("labels and examples differ in number", `${labels.length} labels`, `${size}`);
  const others = Object.entries(parts.fields ?? {}).flatMap(([field, { values: of, ...rest }]) => [
    JSON.stringify({ field, ...rest }),
    of,
  ]);
  for (const [field, { values: of, kind, ...rest }] of Object.entries(parts.fields ?? {})) {
    const each = kind === "numbers" && "shape" in rest ? rest.shape.reduce((a, b) => a * b, 1) : 1;
    if (of.length !== size * each)
      throw fail(`field ${field} and examples differ in number`, `${of.length} values`, `${size} x ${each}`);
  }
  const largest = labels ? (labels as Uint16Array).reduce((max, label) => Math.max(max, label), 0) : -1;
  if (classNames !== undefined && largest >= classNames.length)
    throw fail("a label has no class name", largest, `below ${classNames.length}`);
  const named = labels && {
    classNames: classNames ?? Array.from({ length: largest + 1 }, (_, label) => String(label)),
  };
  const { symbols, standardization } = parts;
  const symbolic = [{ of: "values", symbols, values }, ...Object.entries(parts.fields ?? {}).map(symbolsOf)];
  for (const { of, symbols: count, values: all } of symbolic)
    if (count !== undefined && ArrayBuffer.isView(all)) {
      const wrong = (all as Float32Array).find((v) => !(Number.isInteger(v) && v >= 0 && v < count));
      if (wrong !== undefined) throw fail(`${of} are no symbols`, wrong, `whole numbers from 0 to ${count - 1}`);
    }
  const head = JSON.stringify({
    shape,
    range,
    ...(symbols !== undefined && { symbols }),
    ...(standardization && { standardization }),
  });
  return {
    ...parts,
    ...named,
    fingerprint: await fingerprint(head, stored ? values : values.content, ...(labels ? [labels] : []), ...others),
  };
}

const symbolsOf = ([name, field]: [string, Field]) => ({
  of: `values of field ${name}`,
  symbols: field.kind === "numbers" ? field.symbols : undefined,
  values: field.values as Float32Array,
});
