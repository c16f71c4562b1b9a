import { describe, expect, test } from "vitest";
import type { Column } from "../../data/tables/column.ts";
import { ConfigError } from "../../errors.ts";
import { stream } from "../../random/index.ts";
import { drain, type SampleOptions } from "./sampling.ts";
import { tableRows, tableSampling } from "./table-sampling.ts";

const quantiles = Array.from({ length: 101 }, (_, i) => i);
const columns: readonly Column[] = [
  { name: "n", kind: "number", mean: 50, std: 30, min: 0, max: 100, decimals: 0, quantiles, scaling: "standard" },
  { name: "c", kind: "category", values: ["a", "b"], frequencies: [0.9, 0.1] },
];
const table = { columns, isGiven: false, model: {} };

/** Row i of a model: as often a as b, whatever the number of rows. */
function rowsOf(count: number, first: number): Float32Array {
  const rows = new Float32Array(3 * count);
  for (let i = 0; i < count; i++) {
    const random = stream(7, "row", first + i);
    rows.set([random.normal(), 0, 0], 3 * i);
    rows[3 * i + 1 + Number(random.uniform() < 0.5)] = 1;
  }
  return rows;
}
const draw = (count: number, first: number): Promise<Float32Array> => Promise.resolve(rowsOf(count, first));
const frequencyOfA = (rows: Float32Array): number =>
  rows.filter((v, i) => i % 3 === 1 && v === 1).length / (rows.length / 3);
const wanted = (count: number, first = 0) => ({ count, first, seed: 0 });

describe("rows with the data's marginals", () => {
  test("have them, block by block", async () => {
    const rows = await tableRows(table, wanted(1024), draw);
    expect(Math.abs(frequencyOfA(rows) - 0.9)).toBeLessThan(1 / 1024);
    const numbers = rows.filter((_, i) => i % 3 === 0).toSorted();
    expect(30 * numbers[Math.floor(0.25 * 1024)]! + 50).toBeCloseTo(25, 0);
  });

  test("do not depend on how many are wanted, nor on where one begins", async () => {
    const many = await tableRows(table, wanted(1024 + 300), draw);
    const part = (from: number, to: number): Float32Array => many.slice(3 * from, 3 * to);
    expect(await tableRows(table, wanted(10), draw)).toEqual(part(0, 10));
    expect(await tableRows(table, wanted(100, 64), draw)).toEqual(part(64, 164));
    // Over the end of a block, and all of it in the second.
    expect(await tableRows(table, wanted(130, 960), draw)).toEqual(part(960, 1090));
    expect(await tableRows(table, wanted(20, 1088), draw)).toEqual(part(1088, 1108));
    expect(part(0, 100)).not.toEqual(part(1024, 1124));
  });

  test("are another set for another seed", async () => {
    expect(await tableRows(table, { ...wanted(50), seed: 1 }, draw)).not.toEqual(
      await tableRows(table, wanted(50), draw),
    );
  });
});

describe("which marginals rows have", () => {
  const asDrawn = rowsOf(40, 64);
  const isAsDrawn = async (of: object, options: SampleOptions): Promise<boolean> => {
    const calls: SampleOptions[] = [];
    const rows = await drain(
      tableSampling(
        { ...table, ...of },
        { count: 40, options: { first: 64, ...options } },
        async function* (count, asked) {
          calls.push(asked);
          yield { step: 1, steps: 1 };
          return rowsOf(count, asked.first!);
        },
      ),
    );
    for (const call of calls) expect(call).not.toHaveProperty("marginals");
    return rows.every((v, i) => v === asDrawn[i]);
  };

  test.each<readonly [string, object, SampleOptions, boolean]>([
    ["the data's by default", {}, {}, false],
    ["with a seed and previews too", {}, { seed: 0, previewEvery: 5 }, false],
    ["the model's where asked for", {}, { marginals: "model" }, true],
    ["with an option of the sampler", {}, { temperature: 0.5 }, true],
    ["unless the data's are asked for", {}, { temperature: 0.5, marginals: "data" }, false],
    ["with a condition", { isGiven: true }, {}, true],
    ["where they are the data's already", { model: { dataMarginals: true } }, { marginals: "data" }, true],
    ["of what is no table", { columns: undefined }, {}, true],
    ["of what is no table, asked for", { columns: undefined }, { marginals: "model" }, true],
  ])("%s", async (_, of, options, expected) => {
    expect(await isAsDrawn(of, options)).toBe(expected);
  });

  test("what cannot be had is refused", async () => {
    await expect(isAsDrawn({ isGiven: true }, { marginals: "data" })).rejects.toThrow(
      new ConfigError("sample: the data's marginals are those of all rows, got a condition, expected one or the other"),
    );
    await expect(isAsDrawn({ columns: undefined }, { marginals: "data" })).rejects.toThrow(
      "sample: marginals are of columns of a table, got data for other examples",
    );
    await expect(isAsDrawn({}, { ["marginals" as string]: "both" })).rejects.toThrow(
      'sample: no such marginals, got "both", expected one of data, model',
    );
  });
});
