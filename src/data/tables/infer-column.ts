/** The type of a column by its fields, where no one has said what it is. */
import type { DataError } from "../../errors.ts";
import type { Column, NumberColumn } from "./column.ts";
import { columnFlag } from "./column-names.ts";
import { isMissing } from "./text/missing-text.ts";
import { isPlain } from "./text/number-style.ts";
import { isNearNormal, numberStatistics, rangeOf, valuesOf } from "./numbers/number-statistics.ts";
import type { Field } from "./reading-options.ts";
import { MOST_CATEGORIES, MOST_NUMBER, type RawColumn } from "./raw-column.ts";
import { trainingNumbers, type TrainingRows, trainingSizes } from "./training-rows.ts";

/** Largest number of steps between quantiles: tails of 1/1000 are resolved. Of very many columns fewer, at least 20. */
const MOST_QUANTILES = 1000;
const FEWEST_QUANTILES = 20;
/** Quantiles of all columns of a table together, about. */
const ALL_QUANTILES = 200_000;
/** Number of distinct values up to which a numeric column is standardized, not mapped by quantiles. */
const MOST_EVEN = 8;
export const numberMappings = ["auto", "standardize", "quantile"] as const;
/** Number of values sorted for quantiles; longer columns are subsampled evenly. */
const MOST_SORTED = 2 ** 22;

/**
 * Integers and dates of at most so many distinct values are categories, where each value has so many rows on average: codes, grades, counts and
 * flags, whose marginal distribution one-hot categories have exactly. A number would be sampled between and around them.
 */
const MOST_FEW = 10;
const ROWS_OF_FEW = 10;
/** Fraction of fields that are no numbers, up to which a column of numbers has errors, not categories. */
const MOST_ODD = 0.05;
/** Rows from which on a column of nearly as many categories is one of names. */
const ROWS_OF_NAMES = 20;

/** Steps between the quantiles of a column, at most, in a table of so many. */
export const quantileSteps = (columns: number): number =>
  Math.max(FEWEST_QUANTILES, Math.min(MOST_QUANTILES, Math.floor(ALL_QUANTILES / columns)));

/** What is learned of a column, and from which rows. */
export interface ColumnLearning {
  readonly numbers: (typeof numberMappings)[number];
  /** See quantileSteps. */
  readonly steps?: number;
  readonly training?: TrainingRows;
}

/** What a column is said to be. */
export type ColumnRole = "auto" | "number" | "category";

export interface Inferred {
  readonly column: Column;
  /** Rows whose missing value is a category of its own. */
  readonly marked?: number;
  /** What a person should know of how it was read, a line each. */
  readonly notes: readonly string[];
  /** Whether its few integers or dates became categories. */
  readonly few?: boolean;
}

/**
 * The type of a column; of categories a missing value is one too, unless it is `imputed`. Throws DataError where the column is constant or missing
 * throughout, neither numbers nor categories, or has too many of these.
 */
export function inferColumn(
  raw: RawColumn,
  { role, imputed = false, ...learning }: ColumnLearning & { readonly role: ColumnRole; readonly imputed?: boolean },
): Inferred {
  const { name, count } = raw;
  const drop = `${columnFlag("drop", name)} leaves the column out`;
  const marked = role === "category" || (role === "auto" && !imputed);
  const missing = role === "category" ? 0 : raw.missing;
  if (missing === count) throw raw.error("all values are missing", `${missing}`, `some; ${drop}`);
  const distinct = raw.distinct(role === "category");
  const values = raw.distinct(marked);
  if (values.length === 1 && !raw.tooMany)
    throw raw.error("all values are equal", values[0]!, `values that differ; ${drop}`);
  if (role === "category") return { column: categories(raw, values, learning), notes: [] };
  const present = count - missing;
  if (role === "number") {
    if (!raw.numeric) throw raw.error("not a column of numbers", JSON.stringify(distinct[0]), "numbers");
    return { column: numberColumn(raw, learning), notes: styleNotes(raw) };
  }
  const isNumber = raw.numeric && (raw.odd === 0 || raw.firstOdd?.large === true || isNearlyNumeric(raw, present));
  if (isNumber && !raw.zeros) {
    if (raw.odd > 0 && raw.firstOdd) throw oddField(raw, raw.firstOdd, present);
    if (!isFew(raw, distinct, present)) return { column: numberColumn(raw, learning), notes: numberNotes(raw) };
    return { column: categories(raw, values, learning), notes: [], few: true, marked: imputed ? 0 : missing };
  }
  return {
    column: categories(raw, values, learning),
    notes: categoryNotes(raw, distinct, present),
    marked: imputed ? 0 : missing,
  };
}

/** Whether all but a few fields are numbers of many values. */
function isNearlyNumeric({ odd, texts, tooMany }: RawColumn, present: number): boolean {
  return odd <= Math.max(1, MOST_ODD * present) && (tooMany || texts.length - odd > MOST_FEW);
}

/** Whether values are integers, or dates, and few. */
function isFew(raw: RawColumn, distinct: readonly string[], present: number): boolean {
  if (raw.tooMany || distinct.length > MOST_FEW || distinct.length * ROWS_OF_FEW > present) return false;
  if (raw.date !== undefined) return true;
  // Of integers beyond float64, texts differ though numbers do not.
  const integers = distinct.map((text) => (/^[+-]?\d+$/.test(text) ? text : String(Number(text))));
  return raw.written.whole && new Set(integers).size === distinct.length;
}

/** The error of a field that is no number, in a column of numbers. */
function oddField(raw: RawColumn, field: Field, present: number): DataError {
  const { text, large } = field;
  const { name, odd, date } = raw;
  const kind = date === undefined ? "number" : "date";
  const flags = [
    `${columnFlag("as-number", name)} --missing impute takes it for missing`,
    `${columnFlag("categories", name)} makes every value a category`,
    `${columnFlag("drop", name)} leaves the column out`,
  ].join(", ");
  const what = large ? `a number is ${/inf/i.test(text) ? "not finite" : "too large"}` : `a value is not a ${kind}`;
  const expected = large ? `at most ${MOST_NUMBER} in size` : `${kind}s as in ${present - odd} of ${present} rows`;
  return raw.error(`${what} in ${raw.placeOf(field)}`, large ? text : JSON.stringify(text), `${expected}; ${flags}`);
}

const byCodeUnits = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Categories in numeric order where all but those of missing values, which come first, are numbers; else in code-unit order. */
export function sortedCategories(
  { odd, numeric, zeros, date }: RawColumn,
  texts: readonly string[],
): readonly string[] {
  const marks = texts.filter(isMissing).toSorted(byCodeUnits);
  const values = texts.filter((text) => !isMissing(text));
  const isNumeric =
    numeric && odd === 0 && !zeros && date === undefined && values.every((text) => !Number.isNaN(Number(text)));
  return isNumeric
    ? [...marks, ...values.toSorted((a, b) => Number(a) - Number(b) || byCodeUnits(a, b))]
    : texts.toSorted(byCodeUnits);
}

function categories(raw: RawColumn, texts: readonly string[], { training }: ColumnLearning): Column {
  const { name } = raw;
  if (raw.tooMany) {
    const asNumber = raw.zeros ? `${columnFlag("as-number", name)} makes them numbers, ` : "";
    throw raw.error(
      "too many categories",
      `more than ${MOST_CATEGORIES}`,
      `at most that; ${asNumber}${columnFlag("drop", name)} leaves the column out`,
    );
  }
  const values = sortedCategories(raw, texts);
  const counts = trainingSizes(raw, training);
  const sizes = new Map(raw.texts.map((text, code) => [text, counts[code]!]));
  const total = values.reduce((sum, text) => sum + sizes.get(text)!, 0);
  const frequencies = values.map((text) => sizes.get(text)! / total);
  return { name, kind: "category", values, frequencies };
}

function numberColumn(
  raw: RawColumn,
  { numbers, steps: mostSteps = MOST_QUANTILES, training }: ColumnLearning,
): NumberColumn {
  const { name, date, places } = raw;
  if ((raw.otherStyle && !isPlain(raw.style)) || raw.otherDate !== undefined) throw twofold(raw);
  const statistics = trainedStatistics(raw, training);
  const { mean, variance, count, pieces } = statistics;
  // What values are cut to when they are written is the range of all rows.
  const { min, max } = rangeOf(raw.rows.numbers());
  if (!(variance > 0)) throw raw.error("all values are equal", String(min), "values that differ");
  const std = Math.sqrt(variance);
  const written = raw.written.form({ std, min, max });
  const form =
    date !== undefined ? { decimals: 0, date } : places === undefined ? written : { decimals: places, places };
  const column = { name, kind: "number", mean, std, min, max, ...form } as const;
  const sorted = valuesOf(pieces(), count, MOST_SORTED).toSorted();
  const steps = Math.min(mostSteps, sorted.length - 1);
  const at = (i: number): number => sorted[Math.round((i * (sorted.length - 1)) / steps)]!;
  const quantiles = Array.from({ length: steps + 1 }, (_, i) => at(i));
  const even = raw.categories.size - raw.marks.size <= MOST_EVEN || isNearNormal(sorted, statistics);
  const standard = numbers === "standardize" || (numbers === "auto" && even);
  return {
    ...column,
    quantiles: [statistics.min, ...quantiles.slice(1, -1), statistics.max],
    scaling: standard ? "standard" : "quantile",
  };
}

/** Statistics of the rows that are trained on; of all, where those are equal. */
function trainedStatistics(raw: RawColumn, training: TrainingRows) {
  for (const rows of training ? [training, undefined] : [undefined]) {
    const pieces = (): Iterable<Float64Array> => trainingNumbers(raw, rows);
    let count = 0;
    for (const piece of pieces()) for (const value of piece) if (!Number.isNaN(value)) count += 1;
    const found = { ...numberStatistics(pieces, count), count, pieces };
    if (found.variance > 0 || rows === undefined) return found;
  }
  throw new Error("unreachable: the last rows are returned");
}

/** The error of numbers or dates that could be others. */
function twofold(raw: RawColumn): DataError {
  const flag = `${columnFlag("categories", raw.name)} makes them categories, ${columnFlag("drop", raw.name)} leaves the column out`;
  const got = JSON.stringify(raw.firstText);
  if (raw.otherDate !== undefined)
    return raw.error(
      `dates may be ${raw.date} or ${raw.otherDate}`,
      got,
      `one form alone, such as YYYY-MM-DD; ${flag}`,
    );
  return raw.error(
    "numbers may have a decimal comma or thousands separators",
    got,
    `a mark that tells; --decimal comma or --decimal point says which it is`,
  );
}

function numberNotes(raw: RawColumn): readonly string[] {
  const rows = `column ${raw.name}: counts the rows; ${columnFlag("drop", raw.name)} leaves it out`;
  return [...(raw.running && raw.count > 1 ? [rows] : []), ...styleNotes(raw)];
}

function styleNotes({ name, style: { decimal, group, sign } }: RawColumn): readonly string[] {
  const said = [
    ...(decimal === "," ? ["decimal comma"] : []),
    ...(group === ""
      ? []
      : [`thousands separated by ${{ ",": "commas", ".": "points", " ": "spaces", "'": "apostrophes" }[group]}`]),
    ...(sign === "" ? [] : [`${sign} left out`]),
  ];
  return said.length > 0 ? [`column ${name}: numbers with ${said.join(", ")}`] : [];
}

function categoryNotes(raw: RawColumn, distinct: readonly string[], present: number): readonly string[] {
  const { name, numeric, odd, firstOdd } = raw;
  if (raw.zeros)
    return [
      `column ${name}: categories, as ${JSON.stringify(raw.zeros.text)} has zeros that a number would lose; ${columnFlag("as-number", name)} makes them numbers`,
    ];
  if (numeric && firstOdd && 2 * odd < present && distinct.length > 2 * MOST_FEW)
    return [
      `column ${name}: categories, though ${present - odd} of ${present} rows have numbers: ${raw.placeOf(firstOdd)} has ${JSON.stringify(firstOdd.text)}; ${columnFlag("as-number", name)} --missing impute takes what is no number for missing`,
    ];
  if (present >= ROWS_OF_NAMES && 2 * distinct.length > present)
    return [
      `column ${name}: ${distinct.length} categories in ${present} rows, as of names: there is little to learn from; ${columnFlag("drop", name)} leaves it out`,
    ];
  return [];
}
