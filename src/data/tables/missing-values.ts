/** Values that a table has no value for. */
import { DataError } from "../../errors.ts";
import type { Column } from "./column.ts";
import type { ColumnRole } from "./infer-column.ts";
import type { RawColumn } from "./raw-column.ts";

/**
 * What becomes of missing values: of categories a `category` of their own (the default), where those of numbers are refused; or `impute` the mean of a
 * numeric column and the mode of a categorical one, `drop` the rows, or `refuse` all. Other tables of a run keep every row.
 */
export const missingValues = ["category", "impute", "drop", "refuse"] as const;
export type MissingValues = (typeof missingValues)[number];

/** The number of rows without a value, text included where a column is said to be of numbers. */
export const missingRows = (raw: RawColumn, role: ColumnRole): number =>
  raw.missing + (role === "number" ? raw.odd : 0);

/** Sets `keep` to 0 for the rows without a value, likewise. */
function leaveOutMissing(raw: RawColumn, role: ColumnRole, keep: Uint8Array): void {
  if (role === "category" || missingRows(raw, role) === 0) return;
  if (role === "number" && raw.numeric) for (const [row] of raw.notNumbers()) keep[row] = 0;
  else {
    let row = 0;
    for (const codes of raw.rows.codes()) for (const code of codes) keep[row++]! &= raw.marks.has(code) ? 0 : 1;
  }
}

/** Leaves out the rows where a value of these columns is missing; returns what there is to say of it. Throws DataError where none is left. */
export function dropMissing(
  where: string,
  raws: readonly RawColumn[],
  roleOf: (raw: RawColumn) => ColumnRole,
): readonly string[] {
  const keep = new Uint8Array(raws[0]!.count).fill(1);
  for (const raw of raws) leaveOutMissing(raw, roleOf(raw), keep);
  const left = keep.reduce((sum, kept) => sum + 1 - kept, 0);
  if (left === 0) return [];
  if (left === keep.length)
    throw new DataError(
      `${where}: no rows are left, got a missing value in each of ${left}, expected some without; --drop COLUMN leaves a column out`,
    );
  for (const raw of raws) raw.leaveOut(keep);
  return [`${left} of ${keep.length} rows left out, as values are missing there`];
}

/** Throws DataError where values are missing that are not to be, and says what there is to do. */
export function refuseMissing(
  where: string,
  raws: readonly RawColumn[],
  {
    columns,
    roleOf,
    missing,
  }: {
    readonly columns: readonly Column[];
    readonly roleOf: (raw: RawColumn) => ColumnRole;
    readonly missing: MissingValues;
  },
): void {
  if (missing === "impute" || missing === "drop") return;
  const lacking = raws
    .filter((raw, i) => columns[i]!.kind === "number" || (missing === "refuse" && roleOf(raw) !== "category"))
    .map((raw) => ({ raw, rows: missingRows(raw, roleOf(raw)) }))
    .filter(({ rows }) => rows > 0);
  if (lacking.length === 0) return;
  const counts = lacking.slice(0, 5).map(({ raw, rows }) => {
    const marks = [...raw.marks].map((code) => raw.texts[code]!).filter((text) => text !== "");
    const texts = marks.map((text) => JSON.stringify(text)).join(", ");
    return `${rows} in ${raw.name}${texts && ` (${texts})`}`;
  });
  const more = lacking.length > counts.length ? ` and ${lacking.length - counts.length} more columns` : "";
  throw new DataError(
    `${where}: values are missing, got ${counts.join(", ")}${more}, expected none; --missing impute puts the mean or the most frequent value there, --missing drop leaves the rows out`,
  );
}
