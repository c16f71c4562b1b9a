/** A line of CSV (RFC 4180). */
export const csvLine = (fields: readonly string[]): string =>
  `${fields.map((field) => (/[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field)).join(",")}\n`;

/** What spreadsheets take for a formula (OWASP, "CSV Injection"), in half and full width. */
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/;
/** A number, as tables write them: with a sign, a currency, separators, an exponent, a percentage. */
const NUMBER = /^[-+]?\p{Sc}?[\d.,' \u00a0\u202f]*\d(?:[eE][-+]?\d+)?[ \u00a0]?(?:%|\p{Sc})?$/u;

/** The same for spreadsheets: text that they would run as a formula begins with an apostrophe, which makes it text. */
export const spreadsheetLine = (fields: readonly string[]): string =>
  csvLine(fields.map((field) => (FORMULA.test(field) && !NUMBER.test(field) ? `'${field}` : field)));

/** How lines are written. */
export type CsvLine = typeof csvLine;
