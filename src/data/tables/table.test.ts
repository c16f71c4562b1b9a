import { describe, expect, test } from "vitest";
import { DataError } from "../../errors.ts";
import { FIXED_BINARIZATION } from "../binarize.ts";
import { tableRows } from "../../../test/table-rows.ts";
import { scalingOf } from "./numbers/number-scaling.ts";
import { csvText, rowText } from "./row-text.ts";
import { normalQuantile } from "../../normal-quantile.ts";
import { ExampleReader } from "../storage/example-reader.ts";
import { TableReader, type TableOptions } from "./table.ts";

/** A table of these columns, by name, read row by row. */
function table(columns: Readonly<Record<string, readonly (string | number)[]>>): TableReader {
  const reader = new TableReader("t.csv");
  reader.header(Object.keys(columns));
  const rows = Object.values(columns)[0]!.length;
  for (let i = 0; i < rows; i++)
    reader.row(
      Object.values(columns).map((values) => String(values[i])),
      i + 2,
    );
  return reader;
}

const people = {
  age: [20, 30, 40, 50],
  city: ["Rome", "Oslo", "Rome", "Bern"],
  height: ["1.5", "1.75", "2", "1.60"],
};
const read = async (columns: Parameters<typeof table>[0], options: TableOptions = {}) =>
  table(columns).dataset(options);

function examples(dataset: Awaited<ReturnType<typeof read>>): Float32Array[] {
  const reader = new ExampleReader(dataset, "none");
  return Array.from({ length: dataset.size }, (_, i) => {
    const out = new Float32Array(dataset.shape[0]!);
    reader.read(out, Uint32Array.of(i), FIXED_BINARIZATION);
    return out;
  });
}

test("types are inferred: numbers standardized, categories one-hot in order", async () => {
  const dataset = await read(people);
  expect(dataset.columns).toEqual([
    expect.objectContaining({
      name: "age",
      kind: "number",
      mean: 35,
      std: Math.sqrt(125),
      min: 20,
      max: 50,
      decimals: 0,
    }),
    { name: "city", kind: "category", values: ["Bern", "Oslo", "Rome"], frequencies: [0.25, 0.25, 0.5] },
    expect.objectContaining({ name: "height", kind: "number", min: 1.5, max: 2, decimals: 2 }),
  ]);
  expect(dataset).toMatchObject({ shape: [5], size: 4, range: null });
  const [first, , , last] = examples(dataset);
  expect(Array.from(first!.subarray(0, 4))).toEqual([Math.fround(-15 / Math.sqrt(125)), 0, 0, 1]);
  expect(Array.from(last!.subarray(0, 4))).toEqual([Math.fround(15 / Math.sqrt(125)), 1, 0, 0]);
});

test("a row's text comes back", async () => {
  const dataset = await read(people);
  expect(examples(dataset).map((example) => rowText(dataset.columns!, example))).toEqual([
    ["20", "Rome", "1.5"],
    ["30", "Oslo", "1.75"],
    ["40", "Rome", "2"],
    ["50", "Bern", "1.6"],
  ]);
  // What a model makes: beyond what was seen, between, and no category for certain.
  expect(rowText(dataset.columns!, Float32Array.of(9, 0.2, 0.5, 0.3, -0.01))).toEqual(["50", "Oslo", "1.71"]);
});

test("CSV quotes what it must", () => {
  const columns = [
    { name: "a,b", kind: "category", values: ["x", "y"] },
    { name: "c", kind: "category", values: ["x", "y"] },
  ] as const;
  expect(
    csvText(columns, [
      ['say "hi"', "1\n2"],
      ["plain", " spaced "],
    ]),
  ).toBe('"a,b",c\n"say ""hi""","1\n2"\nplain, spaced \n');
});

test("standardized columns have mean 0 and standard deviation 1, far from 0 too", async () => {
  const dataset = await read(
    {
      year: Array.from({ length: 5000 }, (_, i) => 1e9 + (i % 17)),
      other: people.age.concat(Array.from({ length: 4996 }, (_, i) => i)),
    },
    { numbers: "standardize" },
  );
  const [sum, squares] = examples(dataset).reduce(([s, q], [x]) => [s + x!, q + x! * x!], [0, 0]) as [number, number];
  expect(sum / 5000).toBeCloseTo(0, 6);
  expect(squares / 5000).toBeCloseTo(1, 6);
});

test("a condition becomes labels and leaves the examples", async () => {
  const dataset = await read({ ...people, grade: [10, 9, 10, 2] }, { condition: "grade" });
  expect(dataset.shape).toEqual([5]);
  expect(dataset.classNames).toEqual(["2", "9", "10"]);
  expect(Array.from(dataset.labels!)).toEqual([2, 1, 2, 0]);
  expect((await read(people, { condition: "city" })).shape).toEqual([2]);
});

describe("missing values", () => {
  const holes = { age: [20, "?", 40, "NA"], city: ["Rome", "", "Rome", "null"], height: [1, 2, 3, 4] };

  test("of numbers are refused by name, and all where that is said", async () => {
    const cure = "--missing impute puts the mean or the most frequent value there, --missing drop leaves the rows out";
    await expect(read(holes)).rejects.toThrow(
      `t.csv: values are missing, got 2 in age ("?", "NA"), expected none; ${cure}`,
    );
    await expect(read({ ...holes, city: ["Rome", "", "Bern", "null"] }, { missing: "refuse" })).rejects.toThrow(
      `t.csv: values are missing, got 2 in age ("?", "NA"), 2 in city ("null"), expected none; ${cure}`,
    );
  });

  test("of categories are categories of their own, written as they were", async () => {
    const reader = table({ ...holes, age: [20, 30, 40, 50] });
    const dataset = await reader.dataset();
    expect(dataset.columns![1]).toMatchObject({ values: ["", "Rome", "null"], frequencies: [0.25, 0.5, 0.25] });
    expect(tableRows(dataset).map((row) => row[1])).toEqual(holes.city);
    expect(reader.notes).toContain(
      "missing values, which are a category of their own: city (2); --missing impute puts the most frequent one there, --missing drop leaves the rows out",
    );
  });

  test("of few integers are a category too, and the integers are in order", async () => {
    const grade = Array.from({ length: 120 }, (_, i) => (i % 4 === 3 ? "NA" : [9, 10, 2][i % 4]!));
    const { columns } = await read({ grade, other: grade.map((_, i) => Math.sin(i)) });
    expect(columns![0]).toMatchObject({ kind: "category", values: ["NA", "2", "9", "10"] });
  });

  test("or become the mean and the most frequent", async () => {
    const dataset = await read({ ...holes, city: ["Bern", "Rome", "Rome", "null"] }, { missing: "impute" });
    expect(examples(dataset).map((example) => rowText(dataset.columns!, example).slice(0, 2))).toEqual([
      ["20", "Bern"],
      ["30", "Rome"],
      ["40", "Rome"],
      ["30", "Rome"],
    ]);
  });

  test("become the mean of what is mapped by quantiles too, which lies elsewhere than its middle", async () => {
    const pay = Array.from({ length: 400 }, (_, i) => (i === 7 ? "" : Math.round(Math.exp(i / 40))));
    const dataset = await read({ pay, other: pay.map((_, i) => i) }, { missing: "impute" });
    const known = pay.filter((value) => value !== "").map(Number);
    const mean = known.reduce((a, b) => a + b) / known.length;
    expect(rowText(dataset.columns!, examples(dataset)[7]!)[0]).toBe(String(Math.round(mean)));
    expect(mean).toBeGreaterThan(2 * Math.exp(5));
  });

  test("or leave their rows out of values, statistics, categories and classes", async () => {
    const reader = table({
      age: [20, "?", 40, "NA", 60, 70],
      city: ["Rome", "Bern", "Oslo", "Rome", "", "Rome"],
      height: [1, 2, 3, 4, 5, 6],
      group: ["a", "b", "a", "b", "c", "a"],
    });
    const dataset = await reader.dataset({ missing: "drop", condition: "group", numbers: "standardize" });
    expect(tableRows(dataset)).toEqual([
      ["20", "Rome", "1"],
      ["40", "Oslo", "3"],
      ["70", "Rome", "6"],
    ]);
    expect(dataset.columns![0]).toMatchObject({ min: 20, max: 70, mean: expect.closeTo(130 / 3, 9) });
    expect(dataset.columns![1]).toMatchObject({ values: ["Oslo", "Rome"] });
    expect(dataset.classNames).toEqual(["a"]);
    expect(reader.notes).toContain("3 of 6 rows left out, as values are missing there");
    await expect(read({ a: [1, "?"], b: ["?", 2] }, { missing: "drop" })).rejects.toThrow(
      "t.csv: no rows are left, got a missing value in each of 2",
    );
  });

  test("in what is dropped do not matter", async () => {
    expect((await read(holes, { drop: ["age", "city"] })).shape).toEqual([1]);
    expect((await read(holes, { drop: ["age", "city"], missing: "drop" })).size).toBe(4);
  });
});

describe("columns known before", () => {
  test("read other rows as they say", async () => {
    const { columns } = await read(people);
    const other = await read({ age: [35, 35], city: ["Oslo", "Oslo"], height: [9, 9] }, { columns: columns! });
    expect(examples(other)[0]!.subarray(0, 4)).toEqual(Float32Array.of(0, 0, 1, 0));
  });

  test("refuse columns of another kind, and those that are not there", async () => {
    const { columns } = await read(people);
    await expect(read({ ...people, age: ["x", "y", "z", 3] }, { columns: columns! })).rejects.toThrow(
      't.csv: column age: not a column of numbers, got "x", expected numbers',
    );
    await expect(read({ age: people.age }, { columns: columns! })).rejects.toThrow(
      "t.csv: not the columns known before, got no city, height among age, expected age, city, height",
    );
  });
});

describe("refused", () => {
  test.each([
    ["no rows", { a: [] }, {}, /t\.csv: no rows/],
    [
      "a column without values",
      { a: [1, 2], b: ["", "?"] },
      { missing: "impute" },
      /column b: all values are missing.*--drop b leaves/,
    ],
    ["a constant column", { a: [1, 2], b: ["x", "x"] }, {}, /column b: all values are equal, got x, .*--drop b/],
    ["a constant number", { a: ["1", "1.0"], b: [1, 2] }, {}, /column a: /],
    ["a number beyond float64", { a: [1, "1e999"] }, {}, /column a: a number is too large in line 3, got 1e999/],
    [
      "ids",
      { id: Array.from({ length: 1001 }, (_, i) => `#${i}`) },
      {},
      /column id: too many categories, got more than 1000/,
    ],
    [
      "an unknown condition",
      people,
      { condition: "town" },
      /no such column, got "town", expected one of age, city, height/,
    ],
    ["an unknown column to drop", people, { drop: ["town"] }, /no such column to drop, got "town"/],
    ["nothing left", people, { drop: ["age", "city", "height"] }, /no columns are left/],
    ["a missing class", { a: [1, 2], b: ["x", ""] }, { condition: "b" }, /column b: classes are missing, got 1/],
    [
      "too many classes",
      { a: Array.from({ length: 300 }, (_, i) => i), b: Array.from({ length: 300 }, (_, i) => i) },
      { condition: "b" },
      /column b: too many classes, got 300 in 300 rows, expected at least 2 rows a class/,
    ],
  ] as readonly [string, Parameters<typeof table>[0], TableOptions, RegExp][])(
    "%s",
    async (_, columns, options, message) => {
      const reading = read(columns, options);
      await expect(reading).rejects.toThrow(DataError);
      await expect(reading).rejects.toThrow(message);
    },
  );

  test("ragged rows, a million columns, a name twice", () => {
    const reader = new TableReader("t.csv");
    reader.header(["a", "b"]);
    expect(() => reader.row(["1", "2", "3"], 7)).toThrow(
      "t.csv: rows differ in length, got 3 fields in line 7, expected 2",
    );
    expect(() => new TableReader("t.csv").header(Array.from({ length: 1e6 }, (_, i) => `c${i}`))).toThrow(
      "t.csv: too many columns, got 1000000, expected at most 10000",
    );
    expect(() => new TableReader("t.csv").header(["a", "b", "a"])).toThrow(/two columns of one name, got "a" twice/);
  });
});

describe("numbers by their quantiles", () => {
  // Nine in ten are 0, as capital gains are; the others range over orders of magnitude.
  const gains = Array.from({ length: 5000 }, (_, i) => (i % 10 === 0 ? Math.round(Math.exp(i / 500)) : 0));
  const ages = Array.from({ length: 5000 }, (_, i) => 17 + ((i * 31) % 74));

  test("are taken where they are not nearly normal, and where asked for", async () => {
    const heights = ages.map((_, i) => (170 + 7 * normalQuantile((((i * 31) % 5000) + 0.5) / 5000)).toFixed(1));
    const mapped = async (options?: TableOptions) =>
      (await read({ height: heights, gain: gains }, options)).columns!.map(
        (column) => column.kind === "number" && scalingOf(column) === "quantile",
      );
    expect(await mapped()).toEqual([false, true]);
    expect(await mapped({ numbers: "quantile" })).toEqual([true, true]);
    expect(await mapped({ numbers: "standardize" })).toEqual([false, false]);
  });

  test("lie as a normal variable does, and come back", async () => {
    const dataset = await read({ age: ages, gain: gains }, { numbers: "quantile" });
    const all = examples(dataset);
    const values = all.map(([age]) => age!).toSorted((a, b) => a - b);
    for (const p of [0.1, 0.25, 0.5, 0.9])
      expect(Math.abs(values[Math.floor(p * 5000)]! - normalQuantile(p))).toBeLessThan(0.03);
    all.forEach((example, i) => {
      const [age, gain] = rowText(dataset.columns!, example).map(Number);
      expect([age, gain]).toEqual([ages[i], gains[i]]);
    });
  });

  test("keep the frequency of a common value", async () => {
    const { columns } = await read({ age: ages, gain: gains }, { numbers: "quantile" });
    // Samples of a perfect model: normal numbers.
    const normals = Array.from({ length: 10_000 }, (_, i) => normalQuantile((i + 0.5) / 10_000));
    const zeros = normals.filter((normal) => rowText(columns!, Float32Array.of(0, normal))[1] === "0").length;
    expect(Math.abs(zeros / 10_000 - 0.9)).toBeLessThan(0.005);
  });

  test("end where the values end", async () => {
    const { columns } = await read({ age: ages, gain: gains }, { numbers: "quantile" });
    expect(rowText(columns!, Float32Array.of(-9, 9))).toEqual(["17", String(Math.max(...gains))]);
    expect(rowText(columns!, Float32Array.of(9, -9))).toEqual(["90", "0"]);
  });
});
