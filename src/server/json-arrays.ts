import { DataError } from "../errors.ts";
import type { DType } from "../graph/shape.ts";
import { allocate, type HostArray } from "../runtime/host-array.ts";
import { quoted } from "../serialization/quoted.ts";

/** An array with its shape, as requests and answers have them. */
export interface ShapedArray {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: HostArray;
}

/** The inputs or outputs of a function, by name. */
export type Arrays = Readonly<Record<string, ShapedArray>>;

/** Nested lists of numbers and booleans as an array of a dtype. Throws DataError for lists of different lengths and for anything else. */
export function fromNested(nested: unknown, dtype: DType, where: string): ShapedArray {
  const shape: number[] = [];
  for (let level: unknown = nested; Array.isArray(level); level = level[0]) {
    shape.push(level.length);
    if (shape.length > 8) throw new DataError(`${where}: nested too deep, got more than 8 levels, expected an array`);
  }
  const flat: unknown[] = [];
  const walk = (level: unknown, depth: number): void => {
    if (depth === shape.length) {
      flat.push(level);
      return;
    }
    if (!Array.isArray(level) || level.length !== shape[depth])
      throw new DataError(
        `${where}: lists differ in length, got ${Array.isArray(level) ? level.length : typeof level}, expected ${shape[depth]} at level ${depth + 1}`,
      );
    for (const each of level) walk(each, depth + 1);
  };
  walk(nested, 0);
  return fromFlat(flat, shape, dtype, where);
}

/** Numbers one after another as an array of a shape. Throws DataError where they are no numbers, or not as many. */
export function fromFlat(flat: readonly unknown[], shape: readonly number[], dtype: DType, where: string): ShapedArray {
  const size = shape.reduce((product, d) => product * d, 1);
  if (flat.length !== size)
    throw new DataError(
      `${where}: values do not fill the shape, got ${flat.length}, expected ${size} for [${shape.join(", ")}]`,
    );
  const wrong = flat.findIndex((v) => typeof v !== "number" && typeof v !== "boolean");
  if (wrong !== -1)
    throw new DataError(`${where}: not a number, got ${shown(flat[wrong])} at ${wrong}, expected numbers`);
  const data = allocate(dtype, size);
  if (data instanceof BigInt64Array)
    flat.forEach((v, i) => {
      if (!Number.isSafeInteger(Number(v)))
        throw new DataError(`${where}: not a whole number, got ${String(v)} at ${i}, expected integers`);
      data[i] = BigInt(Number(v));
    });
  else data.set(flat.map(Number));
  return { dtype, shape, data };
}

/** What is no number, in a word: lists may be deep, and text long. */
const shown = (v: unknown): string =>
  typeof v === "string" ? quoted(v) : v === null ? "null" : Array.isArray(v) ? "a list" : "an object";

/** Values one after another, for JSON: integers as numbers, and what JSON has no number for as null. */
export const toFlat = ({ data }: ShapedArray): readonly (number | null)[] =>
  Array.from<number | bigint, number | null>(data, (v) => {
    const number = Number(v);
    return Number.isFinite(number) ? number : null;
  });

/** Values as nested lists of their shape, for JSON. */
export function toNested(array: ShapedArray): unknown {
  let level: unknown[] = [...toFlat(array)];
  for (const d of array.shape.slice(1).toReversed())
    level = Array.from({ length: level.length / d }, (_, i) => level.slice(i * d, (i + 1) * d));
  return array.shape.length === 0 ? level[0] : level;
}
