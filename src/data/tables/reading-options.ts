/** How the fields of a column are read. */
import type { Column } from "./column.ts";
import type { DecimalMark } from "./text/number-style.ts";

/** What is known of a column before its first field. */
export interface GivenForm {
  /** The form of dates, which are given as seconds. */
  readonly date?: string;
  /** Decimal places that numbers are written with. */
  readonly places?: number;
  /** Whether numbers were kept in 32 bits. */
  readonly single?: boolean;
}

/** How fields are read. */
export interface ReadingOptions {
  /** The decimal mark of all numbers; that of each column when missing. */
  readonly decimal?: DecimalMark | undefined;
  /** The decimal mark where a column's numbers would be read by either. */
  readonly likelyDecimal?: DecimalMark | undefined;
  /** The column as it was known before. */
  readonly known?: Column | undefined;
  /** What the place of a row in its file is counted in, for errors: lines when missing. */
  readonly unit?: "line" | "row" | undefined;
}

/** A field and its place in the file, its line unless rows are counted. */
export interface Field {
  readonly text: string;
  readonly line: number;
  /** Whether it is a number that is not finite, or too large. */
  readonly large?: boolean;
}
