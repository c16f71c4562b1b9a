/** Values of another table that the columns of a run do not have. */

/** A value that a model cannot be given as it is, and the rows that have it. */
export interface Gap {
  readonly column: string;
  /**
   * `missing`: imputed as in training. `unknown`: a category not seen in training, or text in a column of numbers: the model gives it no
   * probability, and it is left out of what the model is given.
   */
  readonly kind: "missing" | "unknown";
  /** The value where it is unknown; absent where there are too many to tell them apart. */
  readonly text?: string;
  readonly rows: readonly number[];
}

/** A dataset, or what is known of its gaps. */
interface WithGaps {
  readonly gaps?: readonly Gap[];
}

/** Gaps of one column as they are found. */
export class ColumnGaps {
  readonly #column: string;
  readonly #missing: number[] = [];
  readonly #unknown = new Map<string | undefined, number[]>();

  constructor(column: string) {
    this.#column = column;
  }

  addMissing(row: number): void {
    this.#missing.push(row);
  }

  addUnknown(row: number, text: string | undefined): void {
    const rows = this.#unknown.get(text);
    if (rows) rows.push(row);
    else this.#unknown.set(text, [row]);
  }

  list(): readonly Gap[] {
    const column = this.#column;
    const unknown = Array.from(this.#unknown, ([text, rows]): Gap => ({
      column,
      kind: "unknown",
      ...(text !== undefined && { text }),
      rows,
    }));
    return this.#missing.length > 0 ? [...unknown, { column, kind: "missing", rows: this.#missing }] : unknown;
  }
}

/** What is said of each row with gaps, by row. */
export function gapNotes({ gaps = [] }: WithGaps): ReadonlyMap<number, string> {
  const notes = new Map<number, string>();
  for (const { column, kind, text, rows } of gaps) {
    const what = kind === "missing" ? "missing, imputed" : `${valueText(text)} not seen in training`;
    for (const row of rows) notes.set(row, `${notes.has(row) ? `${notes.get(row)!}; ` : ""}${column}: ${what}`);
  }
  return notes;
}

/** Rows with a value that the model gives no probability. */
export const unknownRows = ({ gaps = [] }: WithGaps): ReadonlySet<number> =>
  new Set(gaps.flatMap(({ kind, rows }) => (kind === "unknown" ? rows : [])));

/** Values that a message lists. */
const LISTED = 5;

/** One line for each column and kind of gap, with the first rows, counted from 0. */
export function gapLines(gaps: readonly Gap[]): readonly string[] {
  const columns = new Map<string, readonly Gap[]>();
  for (const gap of gaps) {
    const key = `${gap.kind} ${gap.column}`;
    columns.set(key, [...(columns.get(key) ?? []), gap]);
  }
  return Array.from(columns.values(), (of) => {
    const { column, kind } = of[0]!;
    const rows = of.flatMap((gap) => gap.rows).toSorted((a, b) => a - b);
    const which = `${rows.length === 1 ? "row" : `${rows.length} rows,`} ${listed(rows.map(String))}`;
    const texts = listed(of.map(({ text }) => valueText(text)));
    return kind === "missing"
      ? `column ${column}: missing in ${which} (counted from 0); imputed as the usual value of training`
      : `column ${column}: ${texts} in ${which} (counted from 0), not seen in training; what the model is given leaves it out`;
  });
}

const valueText = (text: string | undefined): string => (text === undefined ? "a value" : JSON.stringify(text));
const listed = (all: readonly string[]): string =>
  all.slice(0, LISTED).join(", ") + (all.length > LISTED ? ` and ${all.length - LISTED} more` : "");
