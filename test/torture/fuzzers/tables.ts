import { gzipSync } from "node:zlib";
import type { Fuzzer } from "../fuzzing/fuzzer.ts";
import { dataReader, text } from "./open-data.ts";

const rows = Array.from({ length: 30 }, (_, i) => [
  i / 7,
  `2024-01-${String(1 + (i % 28)).padStart(2, "0")}`,
  `c${i % 3}`,
]);
const csv = [["x", "day", "color"], ...rows];
const joined = (lines: readonly (readonly (string | number)[])[], by: string): Uint8Array =>
  text(lines.map((line) => line.join(by)).join("\n"));
const quoted = csv.map((line) => line.map((field) => `"${field}, ""${field}"""`));
const utf16 = Buffer.from(`\ufeff${csv.map((line) => line.join(";")).join("\r\n")}`, "utf16le");

export const tables: Fuzzer = {
  name: "tables",
  seeds: () => [
    { name: "a.csv", bytes: joined(csv, ",") },
    { name: "a.csv", bytes: joined(quoted, ",") },
    { name: "a.csv", bytes: utf16 },
    { name: "a.tsv", bytes: joined(csv, "\t") },
    { name: "a.txt", bytes: joined(rows, "  ") },
    { name: "a.csv.gz", bytes: joined(csv, ";"), pack: (bytes) => gzipSync(bytes) },
  ],
  reader: dataReader({ missing: "impute" }),
};
