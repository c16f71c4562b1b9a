/** The fields of a column as model inputs, and as classes. */
import type { Dataset } from "../dataset.ts";
import { classIndices } from "../dataset.ts";
import type { Column } from "./column.ts";
import { columnFlag } from "./column-names.ts";
import { modelMapping } from "./numbers/number-scaling.ts";
import { type ColumnRole, sortedCategories } from "./infer-column.ts";
import { MOST_CATEGORIES, NONE, type RawColumn } from "./raw-column.ts";

/** From here on a class must have 2 rows on average: with fewer it is more likely a number, or a name for each row. */
const MANY_CLASSES = 256;

/** The number of rows without a value in a column that is known or said to be of this kind. */
export function missingRows(raw: RawColumn, role: ColumnRole, known?: Column): number {
  if (known?.kind === "category") return raw.missing(new Set(known.values));
  return role === "category" ? raw.missing(new Set(raw.texts)) : raw.missing() + (role === "number" ? raw.odd : 0);
}

/**
 * The rows encoded by a column type, piece by piece: model inputs of numbers, or category indices. `loose`: text that is no number is
 * missing.
 */
export function* encodeColumn(
  raw: RawColumn,
  column: Column,
  loose = false,
): Generator<Float32Array<ArrayBuffer> | Uint16Array<ArrayBuffer>> {
  if (column.kind === "number") {
    checkNumbers(raw, column.date !== undefined, loose);
    const mapping = modelMapping(column);
    const imputed = mapping(column.mean);
    for (const values of raw.rows.numbers()) {
      const encoded = new Float32Array(values.length);
      for (let i = 0; i < values.length; i++) encoded[i] = Number.isNaN(values[i]!) ? imputed : mapping(values[i]!);
      yield encoded;
    }
    return;
  }
  const place = places(raw, column.values, "a category not seen before");
  const usual = place[mostFrequent(raw, place)] ?? 0;
  for (const codes of raw.rows.codes())
    yield codes.map((code) => {
      const at = code === NONE ? NONE : place[code]!;
      return at === NONE ? usual : at;
    });
}

function checkNumbers(raw: RawColumn, dates: boolean, loose: boolean): void {
  const expected = dates ? "dates" : "numbers";
  const isOther = raw.missing() < raw.count && raw.numeric && dates !== (raw.date !== undefined);
  if (!raw.numeric || isOther) throw raw.error(`not a column of ${expected}`, JSON.stringify(raw.texts[0]), expected);
  const { firstOdd } = raw;
  if (firstOdd && !loose)
    throw raw.error(
      `not ${dates ? "a date" : "a number that it can read"} in ${raw.placeOf(firstOdd)}`,
      JSON.stringify(firstOdd.text),
      `${expected}; ${columnFlag("as-number", raw.name)} --missing impute takes it for missing`,
    );
}

/** The index of each category code among `values`, NONE for marks that are not among them. Numbers match however they are written. */
function places(raw: RawColumn, values: readonly string[], unknown: string): Uint16Array {
  const byText = new Map(values.map((value, i) => [value, i]));
  const isNumeric = values.every((value) => value !== "" && Number.isFinite(Number(value)) && !/^[+-]?0\d/.test(value));
  const byNumber = new Map(isNumeric ? values.map((value, i) => [Number(value), i]) : []);
  return Uint16Array.from(raw.texts, (text, code) => {
    const found = byText.get(text) ?? byNumber.get(Number(text));
    if (found === undefined && !raw.marks.has(code))
      throw raw.error(unknown, JSON.stringify(text), `one of ${values.slice(0, 20).join(", ")}`);
    return found ?? NONE;
  });
}

/** The code of the category with the most rows. */
function mostFrequent({ sizes }: RawColumn, place: Uint16Array): number {
  let most = -1;
  place.forEach((at, code) => {
    if (at !== NONE && (most === -1 || sizes[code]! > sizes[most]!)) most = code;
  });
  return most;
}

/** The values as class labels; `marked`: those that mean a missing value are a class too. */
export function columnClasses(
  raw: RawColumn,
  { known, marked = false }: { readonly known?: readonly string[] | undefined; readonly marked?: boolean },
): Required<Pick<Dataset, "labels" | "classNames">> {
  const distinct = raw.texts.filter((_, code) => marked || !raw.marks.has(code));
  const missing = raw.missing(new Set(known ?? distinct));
  if (missing > 0) throw raw.error("classes are missing", `${missing}`, "a class for every row");
  if (raw.tooMany) throw raw.error("too many classes", `more than ${MOST_CATEGORIES}`, "at most that");
  if (distinct.length > MANY_CLASSES && 2 * distinct.length > raw.count)
    throw raw.error("too many classes", `${distinct.length} in ${raw.count} rows`, "at least 2 rows a class");
  const classNames = known ?? sortedCategories(raw, distinct);
  const place = places(raw, classNames, "a class not seen before");
  const labels = classIndices(classNames.length, raw.count);
  let at = 0;
  for (const codes of raw.rows.codes()) for (const code of codes) labels[at++] = place[code]!;
  return { classNames, labels };
}
