import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { type ColumnSource, parquetWriteBuffer } from "hyparquet-writer";
import type { Fuzzer, Seed } from "../fuzzing/fuzzer.ts";
import { dataReader } from "./open-data.ts";

const fixtures = join(import.meta.dirname, "../../fixtures");
const rows = 40;
const column = <T>(f: (row: number) => T): T[] => Array.from({ length: rows }, (_, i) => f(i));
/** A column for each encoding, and for types that are read in ways of their own. */
const columnData: ColumnSource[] = [
  { name: "plain", data: column((i) => i / 8), type: "DOUBLE" },
  { name: "indices", data: column((i) => (i % 7 ? "red" : "blue")), type: "STRING" },
  { name: "gaps", data: column((i) => (i % 5 ? i : null)), type: "INT32" },
  { name: "runs", data: column((i) => i > 20), type: "BOOLEAN" },
  { name: "differences", data: column((i) => i * i), type: "INT32", encoding: "DELTA_BINARY_PACKED" },
  { name: "long", data: column((i) => BigInt(i * i)), type: "INT64", encoding: "DELTA_BINARY_PACKED" },
  { name: "lengths", data: column((i) => `t${i}`), type: "STRING", encoding: "DELTA_LENGTH_BYTE_ARRAY" },
  { name: "prefixes", data: column((i) => `text ${i}`), type: "STRING", encoding: "DELTA_BYTE_ARRAY" },
  { name: "split", data: column((i) => i / 3), type: "FLOAT", encoding: "BYTE_STREAM_SPLIT" },
  { name: "dates", data: column((i) => new Date(86_400_000 * i)), type: "TIMESTAMP" },
];
const GZIP = (bytes: Uint8Array): Uint8Array => gzipSync(bytes);

const ENDING = 8;
const MAGIC = [0x50, 0x41, 0x52, 0x31];

/** The footer of a file alone, and what lies before it alone: the length of the footer stays right. */
function parts(name: string, bytes: Uint8Array): readonly Seed[] {
  const at =
    bytes.length - ENDING - new DataView(bytes.buffer, bytes.byteOffset).getUint32(bytes.length - ENDING, true);
  const [body, footer] = [bytes.slice(0, at), bytes.slice(at, -ENDING)];
  const file = (body: Uint8Array, footer: Uint8Array): Uint8Array => {
    const length = Buffer.alloc(4);
    length.writeUInt32LE(footer.length);
    return Buffer.concat([body, footer, length, Uint8Array.from(MAGIC)]);
  };
  return [
    { name, bytes: footer, pack: (changed) => file(body, changed) },
    { name, bytes: body, pack: (changed) => file(changed, footer) },
  ];
}

function fixtureFiles(folder: string): readonly Uint8Array[] {
  return readdirSync(join(fixtures, folder))
    .filter((name) => name.endsWith(".base64") && (folder !== "hostile" || name.includes(".parquet")))
    .map((name) => Buffer.from(readFileSync(join(fixtures, folder, name), "utf8"), "base64"));
}

export const parquet: Fuzzer = {
  name: "parquet",
  seeds: () => {
    const written = (["UNCOMPRESSED", "SNAPPY", "GZIP"] as const).map(
      (codec) => new Uint8Array(parquetWriteBuffer({ columnData, codec, compressors: { GZIP } })),
    );
    const each = columnData.map(
      (one) => new Uint8Array(parquetWriteBuffer({ columnData: [one], codec: "UNCOMPRESSED" })),
    );
    return [...written, ...each, ...fixtureFiles("parquet"), ...fixtureFiles("hostile")].flatMap((bytes) =>
      parts("a.parquet", bytes),
    );
  },
  reader: dataReader({ missing: "impute" }),
};
