/** The values of Parquet's logical types as numbers or text of a table. */
import type { SchemaElement } from "hyparquet";
import { DEFAULT_PARSERS } from "hyparquet/src/convert.js";
import type { GivenForm } from "../../../data/tables/raw-column.ts";
import { DataError } from "../../../errors.ts";
import type { PageValues } from "./parquet-pages.ts";

/** The decimal places of a column of decimals. */
export const decimalScale = ({ converted_type, logical_type, scale }: SchemaElement): number | undefined =>
  logical_type?.type === "DECIMAL" ? logical_type.scale : converted_type === "DECIMAL" ? (scale ?? 0) : undefined;

/** How many of a column's integers are a second, where they are dates or times. */
function perSecond({ converted_type, logical_type }: SchemaElement): number | undefined {
  if (logical_type?.type === "TIME" || logical_type?.type === "TIMESTAMP")
    return { MILLIS: 1e3, MICROS: 1e6, NANOS: 1e9 }[logical_type.unit];
  if (logical_type?.type === "DATE" || converted_type === "DATE") return 1 / 86_400;
  if (/^TIME(STAMP)?_MILLIS$/.test(converted_type ?? "")) return 1e3;
  return /^TIME(STAMP)?_MICROS$/.test(converted_type ?? "") ? 1e6 : undefined;
}

/** A column of decimals, dates or times as that of the integers that are stored: hyparquet (1.31) rounds decimals and makes objects of dates. */
export function storedElement(element: SchemaElement): SchemaElement {
  if (decimalScale(element) === undefined && perSecond(element) === undefined) return element;
  const { converted_type: _, logical_type: __, ...stored } = element;
  return stored;
}

/** Timestamps of 96 bits as seconds since 1970, and JSON as text. */
export const parsers = {
  ...DEFAULT_PARSERS,
  timestampFromNanoseconds: (ns: bigint) => Number(ns) / 1e9,
  jsonFromBytes: (bytes: Uint8Array) => new TextDecoder().decode(bytes),
};

/** How the numbers of a column are written, where its type says: dates, and the places of decimals. */
export function givenForm(element: SchemaElement): GivenForm {
  const { type, converted_type, logical_type } = element;
  const places = decimalScale(element);
  if (places !== undefined) return { places };
  // 96 bits are the timestamps of Spark, which have no zone.
  if (type === "INT96") return { date: "YYYY-MM-DD hh:mm:ss" };
  if (perSecond(element) === undefined) return { single: type === "FLOAT" };
  if (converted_type === "DATE" || logical_type?.type === "DATE") return { date: "YYYY-MM-DD" };
  if (logical_type?.type === "TIME" || converted_type?.startsWith("TIME_")) return { date: "hh:mm:ss" };
  const local = logical_type?.type === "TIMESTAMP" && !logical_type.isAdjustedToUTC;
  return { date: `YYYY-MM-DD hh:mm:ss${local ? "" : "Z"}` };
}

/** The values of a page as numbers, NaN where a row has none, or as text. Throws DataError naming `where` for bytes and structures. */
export function readValues(page: PageValues, element: SchemaElement, where: string): Float64Array | readonly string[] {
  const numbers = numbersOf(page, element);
  if (numbers) return numbers;
  const texts = Array.from({ length: page.rows }, () => "");
  eachPresent(page, (row, value) => (texts[row] = textOf(where, value)));
  return texts;
}

function eachPresent({ rows, present, values }: PageValues, see: (row: number, value: unknown) => void): void {
  for (let row = 0, i = 0; row < rows; row++) if (!present || present[row] === 1) see(row, values[i++]);
}

/** Values that are numbers; undefined where one is not. */
function numbersOf(page: PageValues, element: SchemaElement): Float64Array | undefined {
  const scale = decimalScale(element);
  const unit = perSecond(element) ?? 1;
  const numbers = new Float64Array(page.rows).fill(Number.NaN);
  let all = true;
  eachPresent(page, (row, value) => {
    if (scale !== undefined) numbers[row] = decimal(unscaled(value), scale);
    else if (typeof value === "number") numbers[row] = value / unit;
    // Beyond the integers that float64 represents exactly, one may be the name of a category.
    else if (typeof value === "bigint" && (unit !== 1 || BigInt.asIntN(53, value) === value))
      numbers[row] = Number(value) / unit;
    else if (value !== null && value !== undefined) all = false;
  });
  return all ? numbers : undefined;
}

/** The integer that stands for a decimal: bytes are in big-endian two's complement. */
function unscaled(value: unknown): bigint {
  if (value instanceof Uint8Array) {
    const whole = value.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
    return BigInt.asIntN(8 * value.length, whole);
  }
  if (typeof value === "bigint" || typeof value === "number") return BigInt(value);
  throw new Error("a decimal that is neither an integer nor bytes");
}

/** The nearest number to `value` / 10^scale. */
function decimal(value: bigint, scale: number): number {
  // Both are exact, so that their quotient is rounded once.
  if (scale <= 22 && BigInt.asIntN(53, value) === value) return Number(value) / 10 ** scale;
  return Number(`${value}e-${scale}`);
}

function textOf(where: string, value: unknown): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "number" || typeof value === "bigint" || typeof value === "boolean" || typeof value === "string")
    return String(value);
  throw new DataError(`${where}: values it cannot read, got bytes or a structure, expected numbers or text`);
}
