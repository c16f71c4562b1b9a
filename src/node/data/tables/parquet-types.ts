/** The logical types of Parquet's columns. */
import type { SchemaElement } from "hyparquet";
import { DEFAULT_PARSERS } from "hyparquet/src/convert.js";
import type { GivenForm } from "../../../data/tables/reading-options.ts";

/** The decimal places of a column of decimals. */
export const decimalScale = ({ converted_type, logical_type, scale }: SchemaElement): number | undefined =>
  logical_type?.type === "DECIMAL" ? logical_type.scale : converted_type === "DECIMAL" ? (scale ?? 0) : undefined;

/** How many of a column's integers are a second, where they are dates or times. */
export function perSecond({ converted_type, logical_type }: SchemaElement): number | undefined {
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
