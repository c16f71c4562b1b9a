import { describe, expect, test } from "vitest";
import { tableRows } from "../../../test/table-rows.ts";
import { TableReader, type TableOptions, type TableReaderOptions } from "./table.ts";

const ROWS = 200;
const column = (of: (row: number) => string | number): string[] =>
  Array.from({ length: ROWS }, (_, i) => String(of(i)));
/** A column of many values beside the one that a test is of. */
const other = column((i) => Math.sin(i).toFixed(3));

async function read(values: readonly string[], options: TableOptions = {}, reading: TableReaderOptions = {}) {
  const reader = new TableReader("t.csv", reading);
  reader.header(["a", "other"]);
  values.forEach((value, i) => reader.row([value, other[i]!], i + 2));
  // Whose map to model inputs is exact.
  const dataset = await reader.dataset({ numbers: "standardize", ...options });
  return { column: dataset.columns![0]!, notes: reader.notes, texts: tableRows(dataset).map(([text]) => text) };
}

describe("integers", () => {
  test("of few values are categories, which is said", async () => {
    const { column: a, notes, texts } = await read(column((i) => [99, 10, 20][i % 3]!));
    expect(a).toMatchObject({ name: "a", kind: "category", values: ["10", "20", "99"] });
    expect(notes).toEqual(["few integers or dates, which are categories: a; --as-number COLUMN makes them numbers"]);
    expect(texts.slice(0, 3)).toEqual(["99", "10", "20"]);
  });

  test.each([
    ["more than ten values", column((i) => i % 11)],
    ["fewer than ten rows each", column((i) => i % 10).slice(0, 99)],
    ["numbers that are no integers", column((i) => (i % 3) / 2)],
  ])("are numbers with %s", async (_, values) => {
    expect((await read(values)).column.kind).toBe("number");
  });

  test("of few values are numbers where that is said", async () => {
    const { column: a, notes } = await read(
      column((i) => i % 2),
      { asNumber: ["a"] },
    );
    expect(a).toMatchObject({ kind: "number", mean: 0.5, std: expect.closeTo(0.5, 12) });
    expect(notes).toEqual([]);
  });

  test("are categories where that is said, many as well", async () => {
    const { column: a } = await read(
      column((i) => i % 50),
      { categories: ["a"] },
    );
    expect(a).toMatchObject({ kind: "category", values: Array.from({ length: 50 }, (_, i) => String(i)) });
  });

  test("stay integers with one in exponents, and whole floats whole", async () => {
    const money = await read(column((i) => (i === 7 ? "1.00E+05" : 90_000 + 101 * i)));
    expect(money.column).toMatchObject({ kind: "number", decimals: 0, max: 110_099 });
    expect(money.texts.slice(6, 9)).toEqual(["90606", "100000", "90808"]);
    const floats = await read(column((i) => `${17 + ((i * 7) % 60)}.0`));
    expect(floats.column).toMatchObject({ kind: "number", decimals: 0, places: 1 });
    expect(floats.texts.slice(0, 2)).toEqual(["17.0", "24.0"]);
  });

  test("with zeros before them are categories, which keep these", async () => {
    const { column: a, texts, notes } = await read(column((i) => `0${i % 30}`));
    expect(a.kind).toBe("category");
    expect(texts.slice(0, 3)).toEqual(["00", "01", "02"]);
    expect(notes[0]).toBe(
      'column a: categories, as "00" has zeros that a number would lose; --as-number a makes them numbers',
    );
    expect(
      (
        await read(
          column((i) => `0${i}`),
          { asNumber: ["a"] },
        )
      ).column,
    ).toMatchObject({ kind: "number", max: 199 });
  });

  test("that count the rows are said to", async () => {
    expect((await read(column((i) => i + 5))).notes).toEqual(["column a: counts the rows; --drop a leaves it out"]);
    expect((await read(column((i) => (i === 9 ? 3 : i)))).notes).toEqual([]);
  });
});

describe("numbers come back as they were written", () => {
  test.each([
    ["small ones", column((i) => ((1 + Math.sin(i)) * 1e-9).toExponential(4)), 4e-13],
    ["large ones", column((i) => ((6 + Math.sin(i)) * 1e23).toPrecision(4)), 1e20],
    ["doubles", column((i) => Math.sin(i)), 1e-7],
    ["money", column((i) => (10 + 9 * Math.sin(i)).toFixed(2)), 0],
    ["few decimals", column((i) => Math.round(100 * Math.sin(i)) / 4), 0],
    ["numbers far from 0 for how much they differ", column((i) => (1e6 + Math.sin(i) / 1000).toFixed(8)), 1e-9],
  ])("%s", async (_, values, tolerance) => {
    const { texts } = await read(values);
    texts.forEach((text, i) => {
      if (tolerance === 0) expect(text).toBe(values[i]);
      else expect(Math.abs(Number(text) - Number(values[i]))).toBeLessThanOrEqual(tolerance);
    });
  });

  test("with as many significant digits as they had", async () => {
    expect((await read(column((i) => `${1 + (i % 99)}.257e-09`))).texts[2]).toBe("3.257e-9");
    expect((await read(column((i) => `${1 + (i % 99)}.884e+23`))).texts[4]).toBe("5.884e+23");
  });
});

describe("a field that is no number, in a column of numbers", () => {
  const numbers = column((i) => (i * 0.37).toFixed(2));
  const withField = (text: string): readonly string[] => numbers.with(5, text);

  test.each([
    ["inf", 'a value is not a number in line 7, got "inf", expected numbers as in 199 of 200 rows; '],
    ["12.3 kg", 'a value is not a number in line 7, got "12.3 kg", expected numbers as in 199 of 200 rows; '],
    ["1,5", 'a value is not a number in line 7, got "1,5", expected numbers as in 199 of 200 rows; '],
    ["1e300", "a number is too large in line 7, got 1e300, expected at most 1e+150 in size; "],
  ])("is refused with its row and a cure: %s", async (text, message) => {
    await expect(read(withField(text))).rejects.toThrow(
      `t.csv: column a: ${message}--as-number a --missing impute takes it for missing, --categories a makes every value a category, --drop a leaves the column out`,
    );
  });

  test("is missing, a category, or left out, as is said", async () => {
    const text = "12.3 kg";
    const asNumber = { asNumber: ["a"] };
    await expect(read(withField(text), asNumber)).rejects.toThrow("values are missing, got 1 in a, expected none");
    const { column: a, texts } = await read(withField(text), { ...asNumber, missing: "impute" });
    const mean = numbers.reduce((sum, value, i) => sum + (i === 5 ? 0 : Number(value)), 0) / 199;
    expect(a).toMatchObject({ kind: "number", mean: expect.closeTo(mean, 9) });
    expect(texts[5]).toBe(mean.toFixed(2));
    expect((await read(withField(text), { categories: ["a"] })).texts[5]).toBe(text);
  });

  test("makes categories where there are many, and is named", async () => {
    const { column: a, notes } = await read(column((i) => (i % 5 === 0 ? "none given" : i)));
    expect(a.kind).toBe("category");
    expect(notes).toEqual([
      'column a: categories, though 160 of 200 rows have numbers: line 2 has "none given"; --as-number a --missing impute takes what is no number for missing',
    ]);
  });

  test("makes categories of few values", async () => {
    const { column: a } = await read(column((i) => (i === 3 ? "other" : i % 4)));
    expect(a).toMatchObject({ kind: "category", values: ["0", "1", "2", "3", "other"] });
  });
});

describe("numbers in the style of a country", () => {
  test("are told column by column", async () => {
    const {
      column: a,
      notes,
      texts,
    } = await read(column((i) => `${i}.${100 + i},${10 + (i % 89)}`.replace(/^0\./, "")));
    expect(a).toMatchObject({ kind: "number", min: 100.1, decimals: 2 });
    expect(notes).toEqual(["column a: numbers with decimal comma, thousands separated by points"]);
    expect(texts[3]).toBe("3103.13");
    expect((await read(column((i) => `$${1 + i}.50`))).notes).toContain("column a: numbers with $ left out");
  });

  test("are refused where two would read them as other numbers, unless one is said or likely", async () => {
    const either = column((i) => `${1 + (i % 90)},${100 + i}`);
    await expect(read(either)).rejects.toThrow(
      't.csv: column a: numbers may have a decimal comma or thousands separators, got "1,100", expected a mark that tells; --decimal comma or --decimal point says which it is',
    );
    expect((await read(either, {}, { decimal: "comma" })).column).toMatchObject({ min: 1.1 });
    expect((await read(either, {}, { decimal: "point" })).column).toMatchObject({ min: 1100 });
    expect((await read(either, {}, { likelyDecimal: "point" })).column).toMatchObject({ min: 1100 });
  });

  test("are refused where points may separate thousands, beside decimal commas", async () => {
    const reader = new TableReader("t.csv");
    reader.header(["a", "b"]);
    for (let i = 0; i < 50; i++) reader.row([`${1 + i}.${100 + i}`, `${i},5`], i + 2);
    await expect(reader.dataset()).rejects.toThrow(
      't.csv: column a: points may separate thousands, got "1.100", and decimal commas in column b, expected',
    );
  });
});

describe("dates", () => {
  const day = (i: number): string => new Date(Date.UTC(2020, 0, 1 + i)).toISOString().slice(0, 10);

  test("are numbers for a model, and dates in the table", async () => {
    const { column: a, texts } = await read(column(day));
    expect(a).toMatchObject({ kind: "number", date: "YYYY-MM-DD", min: Date.UTC(2020, 0, 1) / 1000 });
    expect(texts).toEqual(column(day));
  });

  test("that are few are categories", async () => {
    expect((await read(column((i) => day(i % 4)))).column).toMatchObject({
      kind: "category",
      values: [0, 1, 2, 3].map(day),
    });
  });

  test("that are none are refused with their row", async () => {
    await expect(read(column((i) => (i === 8 ? "2020-02-31" : day(i))))).rejects.toThrow(
      't.csv: column a: a value is not a date in line 10, got "2020-02-31", expected dates as in 199 of 200 rows; ',
    );
    const twofold = column((i) => `0${1 + (i % 9)}/0${1 + ((i * i) % 9)}/20${10 + (i % 80)}`);
    await expect(read(twofold)).rejects.toThrow("column a: dates may be DD/MM/YYYY or MM/DD/YYYY, got ");
  });
});

describe("categories", () => {
  test("of nearly every row are said to be names", async () => {
    expect((await read(column((i) => `name ${i}`))).notes).toEqual([
      "column a: 200 categories in 200 rows, as of names: there is little to learn from; --drop a leaves it out",
    ]);
    expect((await read(column((i) => `name ${i % 50}`))).notes).toEqual([]);
  });

  test("may be what means a missing value elsewhere", async () => {
    const alley = column((i) => ["NA", "Grvl", "Pave", "?"][i % 4]!);
    expect((await read(alley)).notes).toEqual([
      "missing values, which are a category of their own: a (100); --missing impute puts the most frequent one there, --missing drop leaves the rows out",
    ]);
    await expect(read(alley, { missing: "refuse" })).rejects.toThrow('got 100 in a ("NA", "?"), expected none');
    const { column: a, texts, notes } = await read(alley, { categories: ["a"], missing: "impute" });
    expect(a).toMatchObject({ values: ["?", "Grvl", "NA", "Pave"] });
    expect(notes).toEqual([]);
    expect(texts.slice(0, 4)).toEqual(alley.slice(0, 4));
  });

  test("known before match numbers however they are written", async () => {
    const { column: a } = await read(column((i) => i % 2));
    const columns = [a, (await read(other)).column];
    const reader = new TableReader("u.csv");
    reader.header(["a", "a2"]);
    const known = [a, { ...columns[1]!, name: "a2" }];
    for (let i = 0; i < 4; i++) reader.row([`${i % 2}.0`, "0.5"], i + 2);
    expect(tableRows(await reader.dataset({ columns: known })).map(([text]) => text)).toEqual(["0", "1", "0", "1"]);
  });
});

test("the first of many rows tell, and missing ones do not", async () => {
  const reader = new TableReader("t.csv");
  reader.header(["a", "b"]);
  for (let i = 0; i < 3000; i++) reader.row([i < 2000 ? "" : `${i},5`, String(i * i)], i + 2);
  const { columns } = await reader.dataset({ missing: "impute" });
  expect(columns![0]).toMatchObject({ kind: "number", min: 2000.5, max: 2999.5 });
});

test("columns are named whole, several with commas, or one by one", async () => {
  const named = async (drop: readonly string[]): Promise<readonly string[]> => {
    const reader = new TableReader("t.csv");
    reader.header(["a, raw", "b", "c", "d"]);
    for (let i = 0; i < 40; i++)
      reader.row(
        ["1", "2", "3", "4"].map((text) => String(Number(text) * i)),
        i + 2,
      );
    return (await reader.dataset({ drop })).columns!.map(({ name }) => name);
  };
  expect(await named(["a, raw"])).toEqual(["b", "c", "d"]);
  expect(await named(["b,c"])).toEqual(["a, raw", "d"]);
  expect(await named(["a, raw", "b, d"])).toEqual(["c"]);
  await expect(named(["a, cooked"])).rejects.toThrow(
    't.csv: no such column to drop, got "a", expected one of a, raw, b, c, d',
  );
});
