/** What separates the fields of a table of text. */
import { DataError } from "../../../errors.ts";

const DELIMITERS = [",", ";", "\t", "|"] as const;
/** `blanks`: any number of spaces and tabs. */
export type Delimiter = (typeof DELIMITERS)[number] | "blanks";

/** Characters of one row. */
export const MOST_ROW = 1 << 22;
/** Lines that tell whether blanks separate fields. */
const TELLING_LINES = 20;

/** Delimiters in words. */
export const delimiterText = (delimiter: Delimiter): string =>
  delimiter === "\t" ? "tabs" : delimiter === "blanks" ? "blanks" : `"${delimiter}"`;

/**
 * The delimiter that the first line has most of outside of quotes; blanks where it has none and all lines have as many fields by them; else
 * a comma. Throws DataError for a first line without end.
 */
export async function delimiterOf(text: AsyncIterable<string>, path: string, name: string): Promise<Delimiter> {
  if (/\.(tsv|tab)(\.gz)?$/i.test(path)) return "\t";
  let start = "";
  let whole = true;
  try {
    for await (const piece of text) {
      start += piece;
      whole = start.split("\n", TELLING_LINES + 1).length <= TELLING_LINES;
      if (!whole || start.length > MOST_ROW) break;
    }
  } catch (cause) {
    // Reading the rows meets the same error, and says it in one line.
    if (cause instanceof DataError) throw cause;
    return ",";
  }
  const lines = start.split(/\r\n|\r|\n/).slice(0, TELLING_LINES);
  if (lines[0]!.length > MOST_ROW)
    throw new DataError(
      `${name}: not a table it can read, got: a first line of more than ${MOST_ROW} characters, expected rows of text`,
    );
  const outside = lines[0]!.replaceAll(/"[^"]*"/g, "");
  const count = (delimiter: string): number => outside.split(delimiter).length;
  const [best] = DELIMITERS.toSorted((a, b) => count(b) - count(a));
  if (count(best!) > 1) return best!;
  // The last line may be cut.
  const full = (whole ? lines : lines.slice(0, -1)).filter((line) => line.trim() !== "");
  const fields = full.map((line) => line.trim().split(/[ \t]+/).length);
  return fields[0]! > 1 && fields.every((length) => length === fields[0]) && !start.includes('"') ? "blanks" : ",";
}

/** Text whose blanks are single tabs, and whose lines begin and end without. */
export async function* blanksAsTabs(text: AsyncIterable<string>): AsyncGenerator<string> {
  const tidied = (lines: string): string => lines.replaceAll(/[ \t]+/g, "\t").replaceAll(/^\t|\t(?=\r?$)/gm, "");
  let rest = "";
  for await (const piece of text) {
    const all = rest + piece;
    const end = all.lastIndexOf("\n") + 1;
    rest = all.slice(end);
    if (end > 0) yield tidied(all.slice(0, end));
  }
  if (rest !== "") yield tidied(rest);
}
