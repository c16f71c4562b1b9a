import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DataError } from "../../../errors.ts";
import { openDataSource } from "../source.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "latentkit-tables-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function open(name: string, content: string | Uint8Array, options = {}) {
  await writeFile(join(folder, name), content);
  return openDataSource(join(folder, name), options);
}

/** Rows in number enough to be split. */
const repeated = (rows: readonly string[], times = 10): string =>
  Array.from({ length: times }, () => rows.join("\n")).join("\n");
const body = repeated(["1.5,red,0.5", "2.5,blue,0.25", "3.5,red,0.75"]);
const names = async (source: Promise<Awaited<ReturnType<typeof open>>>) =>
  (await source).train.dataset.columns!.map(({ name }) => name);

describe("a table", () => {
  test("is split, its columns named by the header", async () => {
    const source = await open("a.csv", `id,color,share\n${body}\n`);
    expect([source.train, source.validation, source.test].map(({ indices }) => indices.length)).toEqual([24, 3, 3]);
    expect(source.train.dataset).toMatchObject({ shape: [4], size: 30, range: null });
    expect(source.description).toMatch(/: 2 columns of numbers, standardized, 1 of categories, one-hot$/);
  });

  test("may lack a header", async () => {
    expect(await names(open("b.csv", body))).toEqual(["column1", "column2", "column3"]);
  });

  test.each([
    ["semicolons", "c.csv", `id;color;share\n${body.replaceAll(",", ";")}`],
    ["tabs", "c.tsv", `id\tcolor\tshare\n${body.replaceAll(",", "\t")}`],
    ["bars", "d.csv", `id|color|share\n${body.replaceAll(",", "|")}`],
    [
      "spaces about fields, Windows lines and a byte order mark",
      "e.csv",
      `\ufeffid, color , share\r\n${body.replaceAll(",", " , ").replaceAll("\n", "\r\n")}\r\n\r\n`,
    ],
  ])("may have %s", async (_, name, text) => {
    const { fingerprint } = (await open("plain.csv", `id,color,share\n${body}`)).train.dataset;
    expect((await open(name, text)).train.dataset.fingerprint).toBe(fingerprint);
  });

  test("may be compressed", async () => {
    const { fingerprint } = (await open("plain.csv", body)).train.dataset;
    expect((await open("f.csv.gz", gzipSync(body))).train.dataset.fingerprint).toBe(fingerprint);
  });

  test("may quote delimiters, quotes and line breaks", async () => {
    const rows = repeated(['1,"a, b"', '2,"say ""hi"""', '3,"two\nlines"']);
    const { columns } = (await open("g.csv", rows)).train.dataset;
    expect(columns![1]).toMatchObject({ values: ["a, b", 'say "hi"', "two\nlines"] });
  });
});

describe("refused", () => {
  test.each([
    [
      "ragged rows",
      "1,2\n3,4\n5,6,7\n",
      /^r\.csv: rows differ in length, got 3 fields in line 3, expected 2 as in the first$/,
    ],
    ["another delimiter further down", "1,2\n3;4\n", /rows differ in length, got 1 fields in line 2, expected 2/],
    ["a quote that never ends", '1,"2\n3,4\n', /^r\.csv: not a table it can read, got: .*[Qq]uote/],
    ["a quote in the middle", '1,2"3"\n', /^r\.csv: not a table it can read, got: .*[Qq]uote/],
    ["nothing", "", /^r\.csv: no rows/],
    ["a header alone", "a,b\n", /^r\.csv: no rows/],
    ["a million columns", `${"1,".repeat(1e6)}1\n`, /^r\.csv: too many columns, got 1000001, expected at most 10000$/],
    ["a line without end", "x".repeat(5e6), /^r\.csv: not a table it can read, got: /],
  ])("%s", async (_, text, message) => {
    const opening = open("r.csv", text);
    await expect(opening).rejects.toThrow(DataError);
    await expect(opening).rejects.toThrow(message);
    await expect(opening).rejects.not.toThrow(/\n/);
  });

  test("damaged gzip", async () => {
    await expect(open("h.csv.gz", gzipSync(body).subarray(0, 30))).rejects.toThrow(
      /^h\.csv\.gz: not a table it can read/,
    );
    await expect(open("i.csv.gz", body)).rejects.toThrow(/^i\.csv\.gz: not a table it can read/);
  });
});

const beijing = "../shared/data/tabular/beijing_pm25.csv";
test.skipIf(!existsSync(beijing))("Beijing PM2.5 (skipped where ../shared/data is absent)", async () => {
  const drop = ["No"];
  await expect(openDataSource(beijing, { drop })).rejects.toThrow(
    /values are missing, got 2067 in pm2\.5 \("NA"\).*--missing impute .*--missing drop/,
  );
  const { train } = await openDataSource(beijing, { drop, missing: "drop" });
  expect(train.dataset.columns!.find(({ name }) => name === "pm2.5")).toMatchObject({ kind: "number", min: 0 });
});

const adult = "../shared/data/tabular/adult.data";
test.skipIf(!existsSync(adult))("Adult (skipped where ../shared/data is absent)", async () => {
  await expect(openDataSource(adult, { missing: "refuse" })).rejects.toThrow(
    /got 1836 in column2 \("\?"\), 1843 in column7 \("\?"\), 583 in column14/,
  );
  const { notes, train: marked } = await openDataSource(adult);
  expect(notes).toContainEqual(expect.stringContaining("column2 (1836), column7 (1843), column14 (583)"));
  expect(marked.dataset.columns![1]).toMatchObject({ values: expect.arrayContaining(["?", "Private"]) });
  const { notes: left, train: present } = await openDataSource(adult, { missing: "drop" });
  // As many rows have none: the README counts them.
  expect(left).toContain("2399 of 32561 rows left out, as values are missing there");
  expect(present.dataset.size).toBe(32_561 - 2399);
  const { train } = await openDataSource(adult, { missing: "impute", condition: "column15" });
  const { columns, labels, classNames } = train.dataset;
  // The counts of adult.names and of its README.
  expect(columns!.filter(({ kind }) => kind === "number").map(({ name }) => name)).toEqual(
    [1, 3, 5, 11, 12, 13].map((i) => `column${i}`),
  );
  expect(columns!.flatMap((c) => (c.kind === "category" ? [c.values.length] : []))).toEqual([
    8, 16, 7, 14, 6, 5, 2, 41,
  ]);
  expect(classNames).toEqual(["<=50K", ">50K"]);
  expect(Array.from<number>(labels!).filter((label) => label === 1)).toHaveLength(7841);
  // The ages of the rows that are trained on; of all rows the mean is 38.58 and the standard deviation 13.64.
  const ages = Float64Array.from(readFileSync(adult, "utf8").trim().split("\n"), (line) => Number(line.split(",")[0]));
  const moments = (of: Float64Array): readonly [mean: number, std: number] => {
    const mean = of.reduce((sum, age) => sum + age, 0) / of.length;
    return [mean, Math.sqrt(of.reduce((sum, age) => sum + (age - mean) ** 2, 0) / of.length)];
  };
  expect(moments(ages)).toEqual([expect.closeTo(38.58, 2), expect.closeTo(13.64, 2)]);
  const [mean, std] = moments(Float64Array.from(train.indices, (row) => ages[row]!));
  expect(columns![0]).toMatchObject({ min: 17, max: 90, mean: expect.closeTo(mean, 9), std: expect.closeTo(std, 9) });
});
