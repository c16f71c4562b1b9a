import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ColumnSource, parquetWriteBuffer } from "hyparquet-writer";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { LoadProgress } from "../../../data/options.ts";
import { Batches } from "../../../data/batches.ts";
import { openParquet } from "./parquet.ts";
import { openDataSource } from "../source.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "latentkit-parquet-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function open(name: string, content: string | Uint8Array, options = {}) {
  await writeFile(join(folder, name), content);
  return openDataSource(join(folder, name), options);
}

const rows = 40;
const column = <T>(f: (row: number) => T): T[] => Array.from({ length: rows }, (_, i) => f(i));
const columnData: ColumnSource[] = [
  { name: "id", data: column((i) => BigInt(i)), type: "INT64" },
  { name: "color", data: column((i) => (i % 3 ? "red" : "blue")), type: "STRING" },
  { name: "share", data: column((i) => i / 8), type: "DOUBLE" },
  { name: "sold", data: column((i) => i % 2 === 0), type: "BOOLEAN" },
];
const csv = ["id,color,share,sold", ...column((i) => `${i},${i % 3 ? "red" : "blue"},${i / 8},${i % 2 === 0}`)].join(
  "\n",
);
const bytes = new Uint8Array(parquetWriteBuffer({ columnData, rowGroupSize: 15 }));

describe("a Parquet file", () => {
  test("is the table that its CSV is", async () => {
    const [found, expected] = [await open("a.parquet", bytes), await open("a.csv", csv)];
    expect(found.train.dataset.columns).toEqual(expected.train.dataset.columns);
    expect(found.train.dataset.fingerprint).toBe(expected.train.dataset.fingerprint);
    expect(found.train.indices).toEqual(expected.train.indices);
    const labeled = await open("a.parquet", bytes, { condition: "color", drop: ["sold"] });
    expect(labeled.train.dataset).toMatchObject({ classNames: ["blue", "red"], shape: [2] });
  });

  test("reports its progress, a group of rows at a time", async () => {
    const heard: LoadProgress[] = [];
    await open("heard.parquet", bytes, { onProgress: (progress: LoadProgress) => heard.push(progress) });
    const source = join(folder, "heard.parquet");
    expect(heard).toEqual([15, 30, 40].map((done) => ({ source, done, total: rows })));
  });

  test("put aside in a file is the same table", async () => {
    await writeFile(join(folder, "aside.parquet"), bytes);
    const [held, aside] = [0, 1].map((i) => openParquet(join(folder, "aside.parquet"), i ? { mostInMemory: 100 } : {}));
    expect((await aside!).fingerprint).toBe((await held!).fingerprint);
    const { values } = (await aside!).train.dataset;
    expect(!ArrayBuffer.isView(values) && values.blocks).toBeTruthy();
    const rowsOf = async (source: typeof held): Promise<Float32Array> => {
      const batches = new Batches((await source!).train, { batchSize: rows, purpose: "evaluation" });
      const x = new Float32Array(rows * batches.exampleSize);
      batches.fillExamples(x, { epoch: 0, index: 0 });
      return x;
    };
    expect(await rowsOf(aside)).toEqual(await rowsOf(held));
  });

  test("keeps integers apart that float64 does not, and refuses numbers without end", async () => {
    const huge = column((i) => 2n ** 60n + BigInt(i % 3));
    const large = new Uint8Array(
      parquetWriteBuffer({
        columnData: [
          { name: "x", data: column((i) => i), type: "DOUBLE" },
          { name: "name", data: huge, type: "INT64" },
        ],
      }),
    );
    const { classNames } = (await open("large.parquet", large, { condition: "name" })).train.dataset;
    expect(classNames).toEqual([0n, 1n, 2n].map((i) => String(2n ** 60n + i)));
    const endless = new Uint8Array(
      parquetWriteBuffer({
        columnData: [{ name: "x", data: column((i) => (i === 7 ? Infinity : i)), type: "DOUBLE" }],
      }),
    );
    await expect(open("endless.parquet", endless)).rejects.toThrow(
      "endless.parquet: column x: a number is not finite in row 8, got Infinity",
    );
  });

  test("has missing values where it has nulls", async () => {
    const gaps = column((i) => (i % 10 === 3 ? null : i));
    const some = new Uint8Array(parquetWriteBuffer({ columnData: [{ name: "n", data: gaps, type: "DOUBLE" }] }));
    await expect(open("gaps.parquet", some)).rejects.toThrow(
      "gaps.parquet: values are missing, got 4 in n, expected none",
    );
    expect((await open("gaps.parquet", some, { missing: "impute" })).train.dataset.size).toBe(rows);
  });

  test.each([
    ["no such file format", new TextEncoder().encode("a,b\n1,2\n3,4\n")],
    ["an empty one", new Uint8Array()],
    ["one cut short", bytes.subarray(0, bytes.length - 40)],
    ["one without its beginning", bytes.subarray(200)],
    ["one whose footer lies about its length", Uint8Array.from(bytes, (b, i) => (i === bytes.length - 6 ? 0x7f : b))],
  ])("is refused in one line where it is %s", async (_, content) => {
    await expect(open("bad.parquet", content)).rejects.toThrow(
      /^bad\.parquet: not a Parquet file it can read, got: .+, expected a whole one$/,
    );
  });

  test("whose footer claims what it has not is refused before room is made for it", async () => {
    const footer = (metadata: readonly number[]): Uint8Array => {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(metadata.length);
      return Buffer.concat([Buffer.from("PAR1"), Uint8Array.from(metadata), length, Buffer.from("PAR1")]);
    };
    const many = [0xff, 0xff, 0xff, 0x0f];
    const lists = Array.from({ length: 40 }, () => [0xf9, ...many]).flat();
    const zeros = Array.from({ length: 64 }, () => 0);
    await expect(open("lists.parquet", footer([0x19, ...lists, 0xf5, ...many, ...zeros]))).rejects.toThrow(
      "lists.parquet: not a Parquet file it can read, got: a list of 33554431 items in 264 bytes, expected a whole one",
    );
    const endless = [0x16].concat(Array.from({ length: 200_000 }, () => 0xff));
    await expect(open("number.parquet", footer(endless))).rejects.toThrow("a number of more than 10 bytes");
  });

  test("with any byte of its footer wrong is read or refused, in one line", async () => {
    const footer = new DataView(bytes.buffer).getUint32(bytes.length - 8, true);
    for (let at = bytes.length - 8 - footer; at < bytes.length; at += 3) {
      const damaged = Uint8Array.from(bytes, (b, i) => (i === at ? b ^ 0xff : b));
      await open("damaged.parquet", damaged).catch((error: Error) => {
        expect(error.name, `byte ${at}: ${error.stack}`).toBe("DataError");
        expect(error.message).not.toContain("\n");
      });
    }
  });

  test.each(["UNCOMPRESSED", "SNAPPY"] as const)(
    "with any byte of its pages wrong is read or refused, in one line (%s)",
    async (codec) => {
      const encodings: ColumnSource[] = [
        { name: "plain", data: column((i) => i / 8), type: "DOUBLE" },
        { name: "indices", data: column((i) => (i % 7 ? "red" : "blue")), type: "STRING" },
        { name: "gaps", data: column((i) => (i % 5 ? i : null)), type: "INT32" },
        { name: "runs", data: column((i) => i > 20), type: "BOOLEAN" },
        { name: "differences", data: column((i) => i * i), type: "INT32", encoding: "DELTA_BINARY_PACKED" },
        { name: "lengths", data: column((i) => `t${i}`), type: "STRING", encoding: "DELTA_LENGTH_BYTE_ARRAY" },
        { name: "prefixes", data: column((i) => `text ${i}`), type: "STRING", encoding: "DELTA_BYTE_ARRAY" },
      ];
      const whole = new Uint8Array(parquetWriteBuffer({ columnData: encodings, codec }));
      const { train } = await open("whole.parquet", whole, { missing: "impute" });
      expect(train.dataset.columns!.map(({ kind }) => kind === "number")).toEqual([
        true,
        false,
        true,
        false,
        true,
        false,
        false,
      ]);
      const footer = new DataView(whole.buffer).getUint32(whole.length - 8, true);
      for (let at = 4; at < whole.length - 8 - footer; at += 31)
        for (const wrong of [0, 0xff, whole[at]! ^ 1]) {
          const damaged = Uint8Array.from(whole, (b, i) => (i === at ? wrong : b));
          await open("damaged.parquet", damaged, { missing: "impute" }).catch((error: Error) => {
            expect(error.name, `byte ${at}: ${error.stack}`).toBe("DataError");
            expect(error.message).not.toContain("\n");
          });
        }
    },
  );

  test("whose pages would have no end is refused", async () => {
    const data = column((i) => i * i);
    const encoded: ColumnSource[] = [{ name: "x", data, type: "INT32", encoding: "DELTA_BINARY_PACKED" }];
    const content = Buffer.from(parquetWriteBuffer({ columnData: encoded, codec: "UNCOMPRESSED" }));
    // Blocks of 128 values in 4 parts become blocks of none in none.
    const at = content.indexOf(Uint8Array.of(0x80, 0x01, 0x04));
    content.fill(0x80, at, at + 1).fill(0, at + 1, at + 3);
    await expect(open("endless.parquet", content)).rejects.toThrow(
      "endless.parquet: not a Parquet file it can read, got: differences in blocks of 0 values in 0 parts",
    );
  });

  test("whose runs are longer than what they are runs of is refused", async () => {
    const data = column((i) => (i < 3 ? null : 1));
    const runs: ColumnSource[] = [{ name: "x", data, type: "INT32" }];
    const content = Buffer.from(parquetWriteBuffer({ columnData: runs, codec: "UNCOMPRESSED" }));
    // Which values there are: eight bits, then 32 times a 1, which become 63.
    content[content.indexOf(Uint8Array.of(0x03, 0xf8, 0x40, 0x01)) + 2] = 0x7e;
    await expect(open("long.parquet", content)).rejects.toThrow("got: a run of 63 values where 32 are left");
  });

  test("with lists in a column says so, and can do without it", async () => {
    const lists: ColumnSource[] = [
      { name: "x", data: column((i) => i) },
      { name: "tags", data: column((i) => [i]) },
    ];
    const nested = new Uint8Array(
      parquetWriteBuffer({
        columnData: lists,
        schema: [
          { name: "root", num_children: 2 },
          { name: "x", type: "DOUBLE", repetition_type: "REQUIRED" },
          { name: "tags", repetition_type: "OPTIONAL", num_children: 1, converted_type: "LIST" },
          { name: "list", repetition_type: "REPEATED", num_children: 1 },
          { name: "element", type: "DOUBLE", repetition_type: "OPTIONAL" },
        ],
      }),
    );
    await expect(open("nested.parquet", nested)).rejects.toThrow(
      "nested.parquet: column tags: values within values, got a list",
    );
    expect((await open("nested.parquet", nested, { drop: ["tags"] })).train.dataset.shape).toEqual([1]);
  });
});
