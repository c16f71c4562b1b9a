import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { DataSource } from "../../../data/split.ts";
import { dateReader } from "../../../data/tables/text/date-form.ts";
import { openDataSource } from "../source.ts";
import { tableRows } from "../../../../test/table-rows.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "latentkit-parquet-writers-"));
});
afterAll(() => rm(folder, { recursive: true }));

const fixtures = join(import.meta.dirname, "../../../../test/fixtures/parquet");

async function open(name: string, options = {}): Promise<DataSource> {
  const path = join(folder, `${name}.parquet`);
  await writeFile(path, Buffer.from(await readFile(join(fixtures, `${name}.base64`), "utf8"), "base64"));
  return openDataSource(path, options);
}

/** What Python says is in the files: text of each value, null where it is missing. */
const written = JSON.parse(await readFile(join(fixtures, "values.json"), "utf8")) as Record<string, (string | null)[]>;
/** Rows are kept in float32, standardized: this is far below what two values differ by. */
const TOLERANCE = 2e-6;

describe.each(["pandas", "polars", "duckdb", "spark", "second-version"])("a Parquet file of %s", (name) => {
  test("has the values that were written, missing ones too", async () => {
    const { dataset } = (await open(name, { missing: "impute", numbers: "standardize" })).train;
    const columns = dataset.columns!;
    expect(columns.map((column) => column.name)).toEqual(Object.keys(written));
    const found = tableRows(dataset);
    expect(found).toHaveLength(24);
    columns.forEach((column, k) => {
      const seconds = column.kind === "number" && column.date !== undefined ? dateReader(column.date) : Number;
      const expected = column.kind === "number" && column.date !== undefined ? isoSeconds : Number;
      written[column.name]!.forEach((value, row) => {
        if (value === null) return;
        const text = found[row]![k]!;
        if (column.kind === "category") expect([column.name, row, text]).toEqual([column.name, row, value]);
        else
          expect(Math.abs(seconds(text) - expected(value)), `${column.name} ${row}: ${text} is ${value}`).toBeLessThan(
            TOLERANCE * Math.max(1, column.std),
          );
      });
    });
  });

  test("has as many missing values as were written", async () => {
    const counts = Object.entries(written)
      .map(([column, values]) => ({ column, missing: values.filter((value) => value === null).length }))
      .filter(({ missing }) => missing > 0);
    const said = counts.slice(0, 5).map(({ column, missing }) => `${missing} in ${column}`);
    await expect(open(name, { missing: "refuse" })).rejects.toThrow(
      `values are missing, got ${said.join(", ")} and 3 more columns, expected`,
    );
  });

  test("has decimals of their own scale, and dates to what they resolve", async () => {
    const { columns } = (await open(name, { missing: "impute" })).train.dataset;
    const zone = name === "spark" ? "" : "Z";
    expect(columns).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ name: "price", decimals: 2, places: 2, min: -10, max: 121.79 }),
        expect.objectContaining({ name: "precise", decimals: 3, places: 3, min: -1, max: 1.323 }),
        expect.objectContaining({ name: "single", decimals: 1 }),
        expect.objectContaining({ name: "day", date: "YYYY-MM-DD" }),
        expect.objectContaining({ name: "ms", date: "YYYY-MM-DD hh:mm:ss" }),
        expect.objectContaining({ name: "us", date: `YYYY-MM-DD hh:mm:ss.ssssss${zone}` }),
      ]),
    );
  });
});

/** Seconds of the ISO 8601 text of a day, or of a time with microseconds. */
function isoSeconds(text: string): number {
  const [whole, fraction = ""] = text.split(".");
  return (
    Date.parse(`${whole!.length > 10 ? whole!.replace(" ", "T") : `${whole}T00:00:00`}Z`) / 1000 +
    Number(`0.${fraction}0`)
  );
}

test("nested columns are refused by name, and can be left out", async () => {
  await expect(open("nested")).rejects.toThrow(
    "nested.parquet: column tags: values within values, got a list or group, expected numbers or text; --drop tags leaves the column out",
  );
  await expect(open("nested", { drop: ["tags"] })).rejects.toThrow("column place: values within values");
  expect((await open("nested", { drop: ["tags,place"] })).train.dataset.columns).toMatchObject([{ name: "x" }]);
});
