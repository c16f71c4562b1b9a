const MARKS = new Set(["", "?", "na", "n/a", "nan", "null", "none"]);
const LONGEST = 4;

/** Whether the text of a field means a missing value, in any case. */
export const isMissing = (text: string): boolean => text.length <= LONGEST && MARKS.has(text.toLowerCase());
