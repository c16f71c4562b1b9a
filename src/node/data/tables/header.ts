/** Whether the first line of a table names its columns. */
import { dateFormOf } from "../../../data/tables/date-form.ts";
import { numberStyleOf } from "../../../data/tables/number-style.ts";

const isValue = (text: string): boolean =>
  text !== "" && (numberStyleOf([text]).fits === 1 || dateFormOf([text]) !== undefined);

/**
 * Whether the first of a table's rows names the columns: none of its fields is a number, a date or empty, but for the first one, which has no
 * name where it counts the rows. Where all columns are text, names are different, and most are not among the values of their column.
 */
export function isHeader(
  [first = [], ...rows]: readonly (readonly string[])[],
  known: readonly string[] = [],
): boolean {
  if (known.length > 0 && known.every((name) => first.includes(name))) return true;
  if (first.some((field, i) => isValue(field) || (field === "" && i > 0))) return false;
  if (first.every((field) => field === "")) return false;
  if (rows.length === 0 || first.some((_, i) => rows.some((row) => isValue(row[i] ?? "")))) return true;
  if (new Set(first).size < first.length) return false;
  const among = first.filter((field, i) => rows.some((row) => row[i] === field)).length;
  return 2 * among <= first.length;
}

/** The names in a header, one for each field of a row: where that has one more, its first field is the name of the row. */
export const headerNames = (header: readonly string[], row: readonly string[] | undefined): readonly string[] =>
  row?.length === header.length + 1 ? ["", ...header] : header;
