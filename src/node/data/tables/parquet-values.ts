/** The values of Parquet's pages as numbers or text of a table. */
import type { SchemaElement } from "hyparquet";
import { DataError } from "../../../errors.ts";
import type { PageValues } from "./parquet-pages.ts";
import { decimalScale, perSecond } from "./parquet-types.ts";

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

/** Bytes of a decimal: 76 digits, the most that other readers take. */
const MOST_DECIMAL = 32;

/** The integer that stands for a decimal: bytes are in big-endian two's complement. */
function unscaled(value: unknown): bigint {
  if (value instanceof Uint8Array) {
    if (value.length > MOST_DECIMAL) throw new Error(`a decimal of ${value.length} bytes, more than ${MOST_DECIMAL}`);
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
