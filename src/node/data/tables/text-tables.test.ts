import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { tableRows } from "../../../../test/table-rows.ts";
import type { DataSourceOptions } from "../../../data/options.ts";
import { openDataSource } from "../source.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "latentkit-text-tables-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function open(name: string, content: string | Uint8Array, options: DataSourceOptions = {}) {
  await writeFile(join(folder, name), content);
  const source = await openDataSource(join(folder, name), options);
  const { dataset } = source.train;
  return { source, dataset, notes: source.notes ?? [], columns: dataset.columns!, rows: tableRows(dataset) };
}

/** Rows in number enough to be split. */
const lines = (row: (i: number) => string, count = 60): string =>
  Array.from({ length: count }, (_, i) => `${row(i)}\n`).join("");
const names = ({ columns }: Awaited<ReturnType<typeof open>>) => columns.map(({ name }) => name);
const color = (i: number): string => ["red", "blue", "green"][i % 3]!;
const header = "first line: names of columns (--header no makes it a row)";
const noHeader = "first line: a row, not names of columns (--header yes makes it names)";

describe("the first line", () => {
  test("has the names of columns, which is said", async () => {
    const found = await open("a.csv", `size,color\n${lines((i) => `${i / 7},${color(i)}`)}`);
    expect([names(found), found.notes, found.dataset.size]).toEqual([["size", "color"], [header], 60]);
  });

  test("is a row where it has a number, which is said", async () => {
    const found = await open(
      "b.csv",
      lines((i) => `${i / 7},${color(i)}`),
    );
    expect([names(found), found.notes, found.dataset.size]).toEqual([["column1", "column2"], [noHeader], 60]);
  });

  test("is a row where all are text, and most of it are values of their columns", async () => {
    const found = await open(
      "c.csv",
      lines((i) => `${color(i)},${color(i * i)},x${i % 4}`),
    );
    expect([names(found)[0], found.dataset.size]).toEqual(["column1", 60]);
    const named = await open("d.csv", `a,b,c\n${lines((i) => `${color(i)},${color(i * i)},x${i % 4}`)}`);
    expect([names(named), named.dataset.size]).toEqual([["a", "b", "c"], 60]);
  });

  test("is what --header says", async () => {
    const years = `2019,2020\n${lines((i) => `${i / 7},${Math.sin(i)}`)}`;
    const asNames = await open("years.csv", years, { header: "yes" });
    expect([names(asNames), asNames.dataset.size, asNames.notes]).toEqual([["2019", "2020"], 60, []]);
    expect((await open("years.csv", years)).dataset.size).toBe(61);
    const asRow = await open("e.csv", `a,b\n${lines((i) => `${color(i)},${color(i + 1)}`)}`, { header: "no" });
    expect([names(asRow), asRow.dataset.size]).toEqual([["column1", "column2"], 61]);
  });

  test.each([
    ["an empty name", ",size,color\n", (i: number) => `${i},${i / 7},${color(i)}`],
    ["that of pandas", "Unnamed: 0,size,color\n", (i: number) => `${i},${i / 7},${color(i)}`],
    ["none, as R writes", "size,color\n", (i: number) => `${i + 1},${i / 7},${color(i)}`],
  ])("may have no name for a column that counts the rows, which is left out: %s", async (_, first, row) => {
    const found = await open("index.csv", first + lines(row));
    expect([names(found), found.dataset.size]).toEqual([["size", "color"], 60]);
    expect(found.notes[1]).toMatch(
      /^column (column1|Unnamed: 0): left out, as it has no name and counts the rows; --as-number .* keeps it$/,
    );
  });

  test("without a name for a column of values leaves it in", async () => {
    const found = await open("unnamed.csv", `,size\n${lines((i) => `${Math.sin(i)},${i / 7}`)}`);
    expect(names(found)).toEqual(["column1", "size"]);
  });
});

describe("text", () => {
  const latin1 = Buffer.from(`Größe,Farbe\n${lines((i) => `${i / 8},${["rot", "grün"][i % 2]}`)}`, "latin1");

  test("that is not UTF-8 is refused with its place, or read as is said", async () => {
    await expect(open("latin1.csv", latin1)).rejects.toThrow(
      "latin1.csv: text in another encoding in line 1, got bytes that are not UTF-8 at byte 3, expected UTF-8; --encoding latin1",
    );
    const found = await open("latin1.csv", latin1, { encoding: "latin1" });
    expect([names(found), found.rows[1]]).toEqual([
      ["Größe", "Farbe"],
      ["0.125", "grün"],
    ]);
  });

  test("that is not UTF-8 far down, compressed too, is refused with its line", async () => {
    const many = lines((i) => `${i / 7},${color(i)}`, 40_000);
    const bad = Buffer.concat([Buffer.from(`size,color\n${many}`), Buffer.from("1,gr\xfcn\n", "latin1")]);
    const place = `line 40002, got bytes that are not UTF-8 at byte ${bad.length - 2}`;
    await expect(open("bad.csv", bad)).rejects.toThrow(`bad.csv: text in another encoding in ${place}`);
    await expect(open("bad.csv.gz", gzipSync(bad))).rejects.toThrow(`bad.csv.gz: text in another encoding in ${place}`);
  });

  test("that ends within a character is refused", async () => {
    const cut = Buffer.from(`size,color\n${lines((i) => `${i / 7},grün`)}1,gr\u00fc`);
    await expect(open("cut.csv", cut.subarray(0, -1))).rejects.toThrow("cut.csv: text in another encoding in line 62");
  });

  test("in UTF-16 is told by its byte order mark", async () => {
    const text = `Größe\tFarbe\n${lines((i) => `${i / 7}\t${["rot", "grün"][i % 2]}`)}`;
    const found = await open("excel.txt", Buffer.from(`\ufeff${text}`, "utf16le"));
    expect([names(found), found.rows[1]?.[1]]).toEqual([["Größe", "Farbe"], "grün"]);
  });

  test("in an encoding that no one knows is refused", async () => {
    await expect(open("latin1.csv", latin1, { encoding: "latin-nine" })).rejects.toThrow(
      'encoding: unknown, got "latin-nine", expected a label such as utf-8, latin1,',
    );
  });
});

describe("fields", () => {
  test.each(["t.txt", "t.dat", "t.tab", "t.txt.gz"])("are those of a table in %s", async (name) => {
    const text = `size${name === "t.tab" ? "\t" : ","}color\n${lines((i) => `${i / 7}${name === "t.tab" ? "\t" : ","}${color(i)}`)}`;
    expect(names(await open(name, name.endsWith(".gz") ? gzipSync(text) : text))).toEqual(["size", "color"]);
  });

  test("may be separated by blanks", async () => {
    const text = lines((i) => `  ${(i / 8).toExponential(3)}   ${Math.sin(i).toFixed(3)}  ${i * i} `);
    const found = await open("blanks.txt", text);
    expect(found.columns.map(({ kind }) => kind)).toEqual(["number", "number", "number"]);
    expect(found.rows[3]).toEqual(["0.375", "0.141", "9"]);
    // More than is read at a time, so that lines are cut.
    const large = await open(
      "large.txt",
      lines((i) => `  ${i / 7}  ${Math.sin(i)} `, 20_000),
    );
    expect([large.dataset.size, large.columns.length]).toEqual([20_000, 2]);
  });

  test("have decimal commas where they say so, column by column", async () => {
    const text = `Größe;Stück;Farbe\n${lines((i) => `${i},26;${i % 5};${color(i)}`)}`;
    const found = await open("european.csv", text);
    expect(found.columns.map(({ kind }) => kind)).toEqual(["number", "category", "category"]);
    expect(found.rows[7]).toEqual(["7.26", "2", "blue"]);
    expect(found.notes).toContain("column Größe: numbers with decimal comma");
  });

  test("with commas between thousands, in quotes, are numbers with points where commas separate fields", async () => {
    const found = await open("us.csv", `people,price\n${lines((i) => `"${1 + i},${100 + i}","$${i}.50"`)}`);
    expect(found.rows[2]).toEqual(["3102", "2.50"]);
  });
});

describe("another table of a run", () => {
  const trained = async () => {
    const { columns, dataset } = await open("ordered.csv", `i,twice\n${lines((i) => `${i + 0.5},${2 * i + 1}`)}`);
    return { shape: dataset.shape, columns, options: { drop: ["gone"], condition: "label" } };
  };
  const rowsOf = async (text: string) => {
    const { rows, notes } = await open("other.csv", text, { like: await trained() });
    return { rows, notes };
  };

  test("has its columns by name, in any order", async () => {
    const { rows, notes } = await rowsOf(`twice,i\n${lines((i) => `${2 * i + 1},${i + 0.5}`)}`);
    expect([rows[7], notes]).toEqual([["7.5", "15"], [header]]);
  });

  test("may have more columns, which are left out", async () => {
    const { rows, notes } = await rowsOf(`i,twice,extra,name\n${lines((i) => `${i + 0.5},${2 * i + 1},1,n${i}`)}`);
    expect(rows[7]).toEqual(["7.5", "15"]);
    expect(notes).toContain("columns left out, as they were not known before: extra, name");
  });

  test("is refused by name where it lacks one", async () => {
    await expect(rowsOf(`i,thrice\n${lines((i) => `${i},${3 * i}`)}`)).rejects.toThrow(
      "other.csv: not the columns known before, got no twice among i, thrice, expected i, twice",
    );
  });

  test("has a header where that has the names, though they are values too", async () => {
    const { dataset, columns } = await open("words.csv", `a,b\n${lines((i) => `${"abc"[i % 3]},${"bcd"[i % 3]}`)}`, {
      header: "yes",
    });
    const like = { shape: dataset.shape, columns, options: {} };
    const again = await open("again.csv", `b,a\n${lines((i) => `${"bcd"[i % 3]},${"abc"[i % 3]}`)}`, { like });
    expect([again.dataset.size, again.rows[0]]).toEqual([60, ["a", "b"]]);
  });
});

test("how many columns are scaled in which way is said", async () => {
  const { source } = await open(
    "scaled.csv",
    `even,skewed,color\n${lines((i) => `${Math.sin(i)},${Math.exp(i / 6)},${color(i)}`)}`,
  );
  expect(source.description).toMatch(
    /: 1 column of numbers, standardized, 1 of numbers, by quantiles, 1 of categories, one-hot$/,
  );
});

const tabular = "../shared/data/tabular";
test.skipIf(!existsSync(tabular)).each([
  ["uci_power-plant.txt", 9568, 5],
  ["uci_concrete.txt", 1030, 9],
  ["uci_kin8nm.txt", 8192, 9],
  ["uci_protein-tertiary-structure.txt", 45_730, 10],
  ["winequality-red.csv", 1599, 12],
  ["magic04.csv", 19_020, 11],
  ["online_shoppers_intention.csv", 12_330, 18],
  ["parkinsons_updrs.tsv", 5875, 22],
])("%s (skipped where ../shared/data is absent)", async (name, rows, columns) => {
  const { train } = await openDataSource(join(tabular, name));
  expect([train.dataset.size, train.dataset.columns!.length]).toEqual([rows, columns]);
});
