import { DataError } from "../../errors.ts";
import { drawnExamples } from "./drawn-examples.ts";
import { firstExamples } from "../first-examples.ts";
import type { Split } from "../split.ts";
import { columnFlag } from "../tables/column-names.ts";
import { columnWidth } from "../tables/column-width.ts";

/** Examples that are looked at: what is a function of other values in all examples is so in these. */
const most = 2000;
/** Fraction of the variance of a value that others leave, below which it is a function of them: float32 rounds to 1e-14, five digits to 1e-10. */
const leastRest = 1e-10;

/**
 * Throws DataError, naming the column, where training examples have no density: a number that is the same in all of them, or a linear function of others,
 * so that they lie on a surface of less dimensions and a flow's likelihood would grow without bound. Categories have probabilities, and are left out.
 */
export function refuseDegenerate(where: string, split: Split): void {
  const values = firstExamples(drawnExamples(split, most), most);
  const names = numbersOf(split);
  const { shape } = split.dataset;
  const size = shape.reduce((a, b) => a * b, 1);
  const rows = values.length / size;
  const columns = names.map(({ at }) => standardized(values, { at, size, rows }));
  const refuse = (i: number, got: string): never => {
    const { drop, name } = names[i]!;
    throw new DataError(
      `${where}: the density of the examples is infinite, got ${name} ${got}, expected values that differ and that do not follow from others${drop ? `; ${drop} leaves it out` : ""}`,
    );
  };
  columns.forEach((column, i) => {
    if (!column) refuse(i, "with the same value in every training example");
  });
  // Cholesky factors of the correlations: what is left of each column's variance, given those before it. Of fewer examples than columns all are functions of others.
  const factor: Float64Array[] = [];
  columns.forEach((column, i) => {
    const row = new Float64Array(i + 1);
    let rest = 1;
    for (let j = 0; j < i; j++) {
      const r = correlation(column!, columns[j]!);
      if (1 - r ** 2 < leastRest) refuse(i, `as a linear function of ${names[j]!.name}`);
      if (rows < 2 * columns.length) continue;
      let sum = r;
      for (let k = 0; k < j; k++) sum -= row[k]! * factor[j]![k]!;
      row[j] = sum / factor[j]![j]!;
      rest -= row[j]! ** 2;
    }
    if (rest < leastRest) refuse(i, "as a linear function of the columns before it");
    row[i] = Math.sqrt(rest);
    factor.push(row);
  });
}

interface NumberPlace {
  readonly at: number;
  readonly name: string;
  /** How to leave it out, in a table. */
  readonly drop?: string;
}

/** The numbers of an example: its place, and its name for a person. */
function numbersOf({ dataset: { shape, columns } }: Split): readonly NumberPlace[] {
  if (!columns)
    return Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, at) => ({ at, name: `value ${at}` }));
  let at = 0;
  return columns.flatMap((column) => {
    const place = at;
    at += columnWidth(column);
    if (column.kind === "category") return [];
    return [{ at: place, name: `column ${JSON.stringify(column.name)}`, drop: columnFlag("drop", column.name) }];
  });
}

/** A value of all examples with mean 0 and sum of squares 1; undefined where it is constant. */
function standardized(
  values: Float32Array,
  { at, size, rows }: { readonly at: number; readonly size: number; readonly rows: number },
): Float64Array | undefined {
  const column = Float64Array.from({ length: rows }, (_, row) => values[row * size + at]!);
  if (column.every((v) => v === column[0])) return undefined;
  const mean = column.reduce((sum, v) => sum + v, 0) / rows;
  const norm = Math.sqrt(column.reduce((sum, v) => sum + (v - mean) ** 2, 0));
  return column.map((v) => (v - mean) / norm);
}

function correlation(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
