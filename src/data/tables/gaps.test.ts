import { describe, expect, test } from "vitest";
import { tableRows } from "../../../test/table-rows.ts";
import type { Dataset } from "../dataset.ts";
import type { SpillStorage } from "../storage/spill-storage.ts";
import { FIXED_BINARIZATION } from "../binarize.ts";
import { ExampleReader } from "../storage/example-reader.ts";
import { gapNotes } from "./gaps.ts";
import { type TableOptions, TableReader, type TableReaderOptions } from "./table.ts";

type Columns = Readonly<Record<string, readonly (string | number)[]>>;

/** A table of these columns, by name. */
function readerOf(columns: Columns, options: TableReaderOptions = {}): TableReader {
  const reader = new TableReader("t.csv", options);
  reader.header(Object.keys(columns));
  Object.values(columns)[0]!.forEach((_, i) =>
    reader.row(
      Object.values(columns).map((values) => String(values[i])),
      i + 2,
    ),
  );
  return reader;
}

const tableOf = (columns: Columns, options: TableOptions = {}): Promise<Dataset> => readerOf(columns).dataset(options);

const people = { age: [20, 30, 40, 50], city: ["Rome", "Oslo", "Rome", "Bern"], height: [1, 2, 3, 4] };

function examples(dataset: Dataset): Float32Array[] {
  const reader = new ExampleReader(dataset, "none");
  return Array.from({ length: dataset.size }, (_, i) => {
    const out = new Float32Array(dataset.shape[0]!);
    reader.read(out, Uint32Array.of(i), FIXED_BINARIZATION);
    return out;
  });
}

function memoryStorage(): SpillStorage {
  const all = new Uint8Array(1_000_000);
  return {
    write: (from, at) => all.set(from, at),
    read: (into, at) => into.set(all.subarray(at, at + into.length)),
  };
}

describe("a table read by columns known before", () => {
  test("keep every row of others, and say which values they do not have", async () => {
    const { columns } = await tableOf(people);
    const reader = readerOf({
      age: [35, "x", "", 35, "1e300"],
      city: ["Rome", "Paris", "Bern", "", "Paris"],
      height: [1, 2, 3, 4, 5],
    });
    const other = await reader.dataset({ columns: columns! });
    expect(examples(other).map((example) => Array.from(example.subarray(0, 4)))).toEqual([
      [0, 0, 0, 1],
      [0, 0, 0, 0],
      [0, 1, 0, 0],
      // The category with the most rows in training.
      [0, 0, 0, 1],
      [0, 0, 0, 0],
    ]);
    expect(other.gaps).toEqual([
      { column: "age", kind: "unknown", text: "x", rows: [1] },
      { column: "age", kind: "unknown", text: "1e300", rows: [4] },
      { column: "age", kind: "missing", rows: [2] },
      { column: "city", kind: "unknown", text: "Paris", rows: [1, 4] },
      { column: "city", kind: "missing", rows: [3] },
    ]);
    expect(reader.notes).toEqual([
      'column age: "x", "1e300" in 2 rows, 1, 4 (counted from 0), not seen in training; what the model is given leaves it out',
      "column age: missing in row 2 (counted from 0); imputed as the usual value of training",
      'column city: "Paris" in 2 rows, 1, 4 (counted from 0), not seen in training; what the model is given leaves it out',
      "column city: missing in row 3 (counted from 0); imputed as the usual value of training",
    ]);
    expect([...gapNotes(other)][0]).toEqual([1, 'age: "x" not seen in training; city: "Paris" not seen in training']);
  });

  test("keep the rows that training left out, and a category of missing values however these are marked", async () => {
    const age = [1, 2, 3, 4];
    const { columns } = await tableOf({ age, city: ["Rome", "?", "Bern", "Rome"] });
    const other = await tableOf({ age, city: ["", "NA", "?", "Bern"] }, { columns: columns!, missing: "drop" });
    expect(tableRows(other).map((row) => row[1])).toEqual(["?", "?", "?", "Bern"]);
    expect(other.gaps).toBeUndefined();
  });

  test("have more than a thousand unknown categories, in memory and spilled", async () => {
    const many = Array.from({ length: 3000 }, (_, i) => (i === 2500 ? "Rome" : i === 2600 ? "?" : `${i}th`));
    const { columns } = await tableOf({ age: [1, 2, 3], city: ["Rome", "Bern", "Rome"] });
    const table = { age: many.map((_, i) => i % 3), city: many };
    const known = { columns: columns! };
    const held = await readerOf(table, known).dataset(known);
    const rows = held.gaps!.flatMap((gap) => (gap.kind === "unknown" ? gap.rows : []));
    expect(rows.length).toBe(2998);
    expect(held.gaps!.find(({ kind }) => kind === "missing")!.rows).toEqual([2600]);
    const spilled = await readerOf(table, { ...known, scratch: memoryStorage, mostInMemory: 1000 }).dataset(known);
    expect(spilled.gaps).toEqual(held.gaps);
    expect(spilled.fingerprint).toBe(held.fingerprint);
  });

  test("have no labels where some class is unknown or missing, which is said", async () => {
    const { columns } = await tableOf(people, { condition: "city" });
    const reader = readerOf(people);
    const other = await reader.dataset({ columns: columns!, condition: "city", classNames: ["Bern", "Rome"] });
    expect([other.labels, other.size]).toEqual([undefined, 4]);
    expect(reader.notes).toEqual([
      'column city: no labels, as it has "Oslo" beside the classes of the run, Bern, Rome',
    ]);
  });
});
