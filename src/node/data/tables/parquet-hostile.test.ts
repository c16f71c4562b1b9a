import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliCompressSync } from "node:zlib";
import { type FileMetaData, parquetMetadata } from "hyparquet";
import { ByteWriter, parquetWriteBuffer } from "hyparquet-writer";
import { writeMetadata } from "hyparquet-writer/src/metadata.js";
import { afterAll, expect, test } from "vitest";
import { openParquet } from "./parquet.ts";

const folder = mkdtempSync(join(tmpdir(), "latentkit-hostile-"));
afterAll(() => rmSync(folder, { recursive: true }));
const fixtures = join(import.meta.dirname, "../../../../test/fixtures/hostile");

async function refusal(bytes: Uint8Array): Promise<unknown> {
  const path = join(folder, "a.parquet");
  writeFileSync(path, bytes);
  return openParquet(path, {}).then(
    () => "read",
    (error: unknown) => error,
  );
}

/** A file with another footer, made from its own. */
function withFooter(bytes: ArrayBuffer, change: (metadata: FileMetaData) => FileMetaData): Uint8Array {
  const metadata = parquetMetadata(bytes);
  const writer = new ByteWriter();
  writer.appendBytes(new Uint8Array(bytes.slice(0, -8 - metadata.metadata_length)));
  writeMetadata(writer, change(metadata));
  writer.appendBytes(new TextEncoder().encode("PAR1"));
  return writer.getBytes();
}

// Each was written to stop or exhaust a reader that believes what a file claims.
test.each([
  ["hang-geo", "a column without a name"],
  ["lists-40", "a list of 33554431 items in 264 bytes"],
  ["oom-266", "a page claims 0 nulls, and has 12"],
  ["slow-page", "a page claims 0 nulls, and has 9"],
])("%s.parquet is refused in one line", async (name, reason) => {
  const bytes = Buffer.from(readFileSync(join(fixtures, `${name}.parquet.base64`), "utf8"), "base64");
  expect(await refusal(bytes)).toMatchObject({
    name: "DataError",
    message: `a.parquet: not a Parquet file it can read, got: ${reason}, expected a whole one`,
  });
});

test("pages that unpack to far more than their values need are refused before they are unpacked", async () => {
  const texts = Array.from({ length: 100 }, (_, i) => String(i) + "a".repeat(2 ** 16));
  const bytes = parquetWriteBuffer({
    columnData: [{ name: "x", data: texts, type: "STRING", encoding: "PLAIN" }],
    codec: "BROTLI",
    compressors: { BROTLI: (page) => brotliCompressSync(page) },
  });
  expect(bytes.byteLength).toBeLessThan(5000);
  expect(await refusal(new Uint8Array(bytes))).toMatchObject({
    message: expect.stringMatching(/got: a page of \d+ bytes claims to unpack to 983122 for 15 values, expected/),
  });
});

test("groups that claim rows without end, which nulls would fill, are refused before they are read", async () => {
  const bytes = parquetWriteBuffer({ columnData: [{ name: "x", data: [1, 2], type: "DOUBLE" }] });
  const claiming = withFooter(bytes, (metadata) => {
    const group = { ...metadata.row_groups[0]!, num_rows: 2n ** 24n };
    return { ...metadata, row_groups: [group, group, group] };
  });
  expect(await refusal(claiming)).toMatchObject({
    message: expect.stringMatching(/got: 50331648 values in a file of \d+ bytes, expected/),
  });
});

test("a decimal of thousands of digits is refused", async () => {
  const bytes = parquetWriteBuffer({
    columnData: [{ name: "x", data: ["1".repeat(5000), "2".repeat(5000)], type: "BYTE_ARRAY" }],
    statistics: false,
  });
  const long = withFooter(bytes, (metadata) => {
    const [root, x] = metadata.schema;
    return { ...metadata, schema: [root!, { ...x!, converted_type: "DECIMAL", scale: 0, precision: 38 }] };
  });
  expect(await refusal(long)).toMatchObject({
    message: expect.stringContaining("got: a decimal of 5000 bytes, more than 32"),
  });
});
