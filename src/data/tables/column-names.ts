import { DataError } from "../../errors.ts";

/** An option for a column, as it is typed in a shell. */
export const columnFlag = (option: string, name: string): string =>
  `--${option} ${/^[\w.:@%+-]+$/.test(name) ? name : `"${name.replaceAll(/(["\\$`])/g, "\\$1")}"`}`;

/**
 * The columns that an option names: each entry is the name of one, or of several with commas between. Throws DataError for one
 * that `names` lacks, unless `lenient`.
 */
export function namedColumns(
  where: string,
  option: string,
  entries: readonly string[],
  names: readonly string[],
  { lenient = false }: { readonly lenient?: boolean } = {},
): ReadonlySet<string> {
  const known = new Set(names);
  const found = entries.flatMap((entry) => (known.has(entry) ? [entry] : entry.split(",").map((name) => name.trim())));
  const wrong = found.find((name) => !known.has(name));
  if (wrong !== undefined && !lenient)
    throw new DataError(
      `${where}: no such column to ${option}, got ${JSON.stringify(wrong)}, expected one of ${names.join(", ")}`,
    );
  return new Set(found);
}
