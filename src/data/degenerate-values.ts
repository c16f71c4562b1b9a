import { DataError } from "../errors.ts";
import { FIXED_BINARIZATION } from "./binarize.ts";
import { exampleSize } from "./dataset.ts";
import { ExampleReader } from "./storage/example-reader.ts";
import type { Split } from "./split.ts";
import { columnWidth } from "./tables/column-width.ts";

/** Examples that values which may follow from others are found by, before all are looked at. */
const LOOKED_AT = 2000;
/** Values of an example that are compared with each other. */
const MOST_COMPARED = 1000;
/** In standard deviations, and relative to larger ones: what rounding of a copy to float32, or to a few digits, leaves. */
const SAME = 1e-3;

/** A value of examples that no density has room for: it is always the same, or a linear function of another value. */
export interface Degenerate {
  readonly value: string;
  readonly why: string;
}

/**
 * Throws DataError naming a value of the examples, or a column of a table, that is always the same or follows from another: a density of them all
 * together would be infinite. Categories, and linear functions of several others, are not looked for.
 */
export function refuseDegenerate(split: Split): void {
  const found = degenerateValue(split);
  if (!found) return;
  const { columns } = split.dataset;
  throw new DataError(
    `${split.dataset.name}: a density would be infinite, got ${found.value}, which is ${found.why}, expected values that vary by themselves; ` +
      (columns ? "--drop leaves a column out" : "leave one of them out"),
  );
}

/** The first such value. */
export function degenerateValue(split: Split): Degenerate | undefined {
  const { indices } = split;
  const values = numbersOf(split);
  if (indices.length < 2 || values.length === 0) return undefined;
  const step = Math.max(1, indices.length / LOOKED_AT);
  const some = Uint32Array.from({ length: Math.min(LOOKED_AT, indices.length) }, (_, i) => indices[Math.floor(i * step)]!);
  const sampled = moments(split, some, values);
  const constant = values.find((_, i) => isConstant(sampled[i]!));
  if (constant && isConstant(moments(split, indices, [constant])[0]!))
    return { value: constant.name, why: "the same in all training examples" };
  if (values.length > MOST_COMPARED) return undefined;
  for (const [a, b, sign] of likeCopies(split, some, values, sampled)) {
    if (isCopy(split, [values[a]!, values[b]!], [sampled[a]!, sampled[b]!], sign))
      return { value: values[b]!.name, why: `a linear function of ${values[a]!.name}` };
  }
  return undefined;
}

interface Place {
  readonly name: string;
  /** In an example. */
  readonly at: number;
}

/** Real numbers of an example: all of them, or the columns of a table that are numbers. */
function numbersOf({ dataset }: Split): Place[] {
  const { columns } = dataset;
  if (!columns) return Array.from({ length: exampleSize(dataset) }, (_, at) => ({ name: `value ${at}`, at }));
  let at = 0;
  return columns.flatMap((column) => {
    const place = { name: `column "${column.name}"`, at };
    at += columnWidth(column);
    return column.kind === "category" ? [] : [place];
  });
}

interface Moments {
  readonly mean: number;
  readonly std: number;
}

const isConstant = ({ mean, std }: Moments): boolean => !(std > 1e-6 * Math.max(1, Math.abs(mean)));

function moments(split: Split, examples: Uint32Array, values: readonly Place[]): Moments[] {
  const [sums, squares] = [new Float64Array(values.length), new Float64Array(values.length)];
  // About the first example, so that large means take nothing from small deviations.
  let first: Float64Array | undefined;
  eachExample(split, examples, (x) => {
    first ??= Float64Array.from(values, ({ at }) => x[at]!);
    values.forEach(({ at }, i) => {
      const v = x[at]! - first![i]!;
      sums[i]! += v;
      squares[i]! += v * v;
    });
  });
  const n = examples.length;
  return values.map((_, i) => ({
    mean: first![i]! + sums[i]! / n,
    std: Math.sqrt(Math.max(0, squares[i]! / n - (sums[i]! / n) ** 2)),
  }));
}

/** Pairs of values whose correlation over some examples is 1 or -1, with its sign. */
function likeCopies(
  split: Split,
  examples: Uint32Array,
  values: readonly Place[],
  about: readonly Moments[],
): (readonly [a: number, b: number, sign: number])[] {
  const d = values.length;
  const rows = new Float64Array(examples.length * d);
  let row = 0;
  eachExample(split, examples, (x) => {
    values.forEach(({ at }, i) => (rows[row * d + i] = (x[at]! - about[i]!.mean) / about[i]!.std));
    row++;
  });
  const differs = (a: number, b: number, sign: number): boolean => {
    for (let at = 0; at < rows.length; at += d)
      if (!(Math.abs(rows[at + b]! - sign * rows[at + a]!) <= SAME * Math.max(1, Math.abs(rows[at + a]!)))) return true;
    return false;
  };
  const pairs: (readonly [number, number, number])[] = [];
  for (let b = 1; b < d; b++)
    for (let a = 0; a < b; a++) for (const sign of [1, -1]) if (!differs(a, b, sign)) pairs.push([a, b, sign]);
  return pairs;
}

/** Whether all examples agree with some that one value is a linear function of the other. */
function isCopy(
  split: Split,
  [a, b]: readonly [Place, Place],
  [ofA, ofB]: readonly [Moments, Moments],
  sign: number,
): boolean {
  let all = true;
  eachExample(split, split.indices, (x) => {
    const [u, v] = [(x[a.at]! - ofA.mean) / ofA.std, (x[b.at]! - ofB.mean) / ofB.std];
    all &&= Math.abs(v - sign * u) <= SAME * Math.max(1, Math.abs(u));
  });
  return all;
}

function eachExample({ dataset }: Split, examples: Uint32Array, visit: (x: Float32Array) => void): void {
  const reader = new ExampleReader(dataset, "none");
  const x = new Float32Array(exampleSize(dataset));
  for (const example of examples) {
    reader.read(x, Uint32Array.of(example), FIXED_BINARIZATION);
    visit(x);
  }
}
