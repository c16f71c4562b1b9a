import type { Standardization } from "../spec.ts";
import { ColumnGaps, type Gap } from "../tables/gaps.ts";
import type { NamedArray } from "./named-array.ts";

/** The values of another array than was standardized by, which may not be finite: NaN is missing, infinity is unknown. */
export function arrayGaps(values: NamedArray["values"], { mean }: Standardization): readonly Gap[] {
  const columns = mean.map((_, column) => new ColumnGaps(`${column}`));
  values.forEach((value: number, i: number) => {
    if (Number.isFinite(value)) return;
    const [row, column] = [Math.floor(i / mean.length), columns[i % mean.length]!];
    if (Number.isNaN(value)) column.addMissing(row);
    else column.addUnknown(row, String(value));
  });
  return columns.flatMap((column) => column.list());
}
