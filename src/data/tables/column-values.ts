/** The fields of a column as model inputs, and as classes. */
import { isMissing } from "./text/missing-text.ts";
import { missingRows } from "./missing-values.ts";
import type { Dataset } from "../dataset.ts";
import { classIndices } from "../dataset.ts";
import type { CategoryColumn, Column } from "./column.ts";
import { columnFlag } from "./column-names.ts";
import type { ColumnGaps } from "./gaps.ts";
import { modelMapping } from "./numbers/number-scaling.ts";
import { sortedCategories } from "./infer-column.ts";
import { MOST_CATEGORIES, NONE, type RawColumn } from "./raw-column.ts";

/** From here on a class must have 2 rows on average: with fewer it is more likely a number, or a name for each row. */
const MANY_CLASSES = 256;

export interface EncodingOptions {
  /** Whether text that is no number is missing. */
  readonly loose: boolean;
  /** Where values go that the column does not have, as of another table than it was inferred from; without it they are refused. */
  readonly gaps?: ColumnGaps | undefined;
}

/** The rows encoded by a column type, piece by piece: model inputs of numbers, or category indices, NONE for an unknown one. */
export function* encodeColumn(
  raw: RawColumn,
  column: Column,
  options: EncodingOptions,
): Generator<Float32Array<ArrayBuffer> | Uint16Array<ArrayBuffer>> {
  if (column.kind === "number") {
    checkNumbers(raw, column.date !== undefined, options);
    noteNumbers(raw, options);
    const mapping = modelMapping(column);
    const imputed = mapping(column.mean);
    for (const values of raw.rows.numbers()) {
      const encoded = new Float32Array(values.length);
      for (let i = 0; i < values.length; i++) encoded[i] = Number.isNaN(values[i]!) ? imputed : mapping(values[i]!);
      yield encoded;
    }
    return;
  }
  const place = places(raw, column.values);
  const usual = usualCategory(raw, column, place);
  const { gaps } = options;
  const { texts, marks } = raw;
  let row = 0;
  for (const codes of raw.rows.codes())
    yield codes.map((code) => {
      const at = code === NONE ? NONE : place[code]!;
      if (at === NONE && marks.has(code)) gaps?.addMissing(row);
      else if (at === NONE) gaps?.addUnknown(row, texts[code]);
      row += 1;
      return at === NONE && marks.has(code) ? usual : at;
    });
}

function checkNumbers(raw: RawColumn, dates: boolean, { loose, gaps }: EncodingOptions): void {
  const expected = dates ? "dates" : "numbers";
  const isOther = raw.missing < raw.count && raw.numeric && dates !== (raw.date !== undefined);
  if (!raw.numeric || isOther) throw raw.error(`not a column of ${expected}`, JSON.stringify(raw.firstText), expected);
  const { firstOdd } = raw;
  if (raw.odd > 0 && firstOdd && !loose && !gaps)
    throw raw.error(
      `not ${dates ? "a date" : "a number that it can read"} in ${raw.placeOf(firstOdd)}`,
      JSON.stringify(firstOdd.text),
      `${expected}; ${columnFlag("as-number", raw.name)} --missing impute takes it for missing`,
    );
}

/** Notes the rows of a column of numbers that have none. */
function noteNumbers(raw: RawColumn, { loose, gaps }: EncodingOptions): void {
  if (!gaps || missingRows(raw, "number") === 0) return;
  const { texts, marks } = raw;
  for (const [row, code] of raw.notNumbers())
    if (loose || marks.has(code)) gaps.addMissing(row);
    else gaps.addUnknown(row, texts[code]);
}

/**
 * The index of each category code among `values`, NONE where it is not among them. Numbers match however they are written, and a missing value
 * matches the only one among them.
 */
function places(raw: RawColumn, values: readonly string[]): Uint16Array {
  const byText = new Map(values.map((value, i) => [value, i]));
  const isNumeric = values.every(
    (value) => isMissing(value) || (Number.isFinite(Number(value)) && !/^[+-]?0\d/.test(value)),
  );
  const byNumber = new Map(
    isNumeric ? values.flatMap((value, i) => (isMissing(value) ? [] : [[Number(value), i] as const])) : [],
  );
  const marks = values.filter(isMissing);
  const mark = marks.length === 1 ? values.indexOf(marks[0]!) : undefined;
  return Uint16Array.from(
    raw.texts,
    (text) => byText.get(text) ?? (isMissing(text) ? mark : byNumber.get(Number(text))) ?? NONE,
  );
}

/** The index of the category with the most rows, of those the column was inferred from where that is known. */
function usualCategory(raw: RawColumn, { frequencies }: CategoryColumn, place: Uint16Array): number {
  if (frequencies) return frequencies.indexOf(Math.max(...frequencies));
  let most = -1;
  place.forEach((at, code) => {
    if (at !== NONE && (most === -1 || raw.sizes[code]! > raw.sizes[most]!)) most = code;
  });
  return place[most] ?? 0;
}

/**
 * The values as class labels, by the classes `known` before if any; `marked`: those that mean a missing value are a class too. Of a table
 * that has others, or none for some row, there are no labels but a note of why.
 */
export function columnClasses(
  raw: RawColumn,
  { known, marked = false }: { readonly known?: readonly string[] | undefined; readonly marked?: boolean },
): Required<Pick<Dataset, "labels" | "classNames">> | { readonly note: string } {
  const distinct = raw.distinct(marked);
  const place = known ? places(raw, known) : undefined;
  const strange = known ? raw.texts.filter((_, code) => raw.sizes[code]! > 0 && place![code] === NONE) : [];
  if (known && (raw.tooMany || strange.length > 0))
    return {
      note: `column ${raw.name}: no labels, as it has ${strange
        .slice(0, 5)
        .map((text) => JSON.stringify(text))
        .join(", ")} beside the classes of the run, ${known.slice(0, 10).join(", ")}`,
    };
  const missing = marked || known ? 0 : raw.missing;
  if (missing > 0)
    throw raw.error("classes are missing", `${missing}`, "a class for every row; --missing drop leaves the others out");
  if (raw.tooMany) throw raw.error("too many classes", `more than ${MOST_CATEGORIES}`, "at most that");
  if (!known && distinct.length > MANY_CLASSES && 2 * distinct.length > raw.count)
    throw raw.error("too many classes", `${distinct.length} in ${raw.count} rows`, "at least 2 rows a class");
  const classNames = known ?? sortedCategories(raw, distinct);
  const indices = place ?? places(raw, classNames);
  const labels = classIndices(classNames.length, raw.count);
  let at = 0;
  for (const codes of raw.rows.codes()) for (const code of codes) labels[at++] = indices[code]!;
  return { classNames, labels };
}
