import { expect, test } from "vitest";
import { quantileSteps } from "./infer-column.ts";
import { TableReader, type TableOptions } from "./table.ts";

/** 40 rows: numbers 1 to 40 but for an outlier in the last, which is of the one category that no other row has. */
async function read(options: TableOptions = {}) {
  const reader = new TableReader("t.csv");
  reader.header(["amount", "kind"]);
  for (let i = 1; i <= 40; i++)
    reader.row([i === 40 ? "1e6" : String(i + 0.5), i === 40 ? "rare" : i % 2 ? "a" : "b"], i);
  const { columns } = await reader.dataset({ ...options });
  const [amount, kind] = columns!;
  if (amount?.kind !== "number" || kind?.kind !== "category") throw new Error("columns of other kinds");
  return { amount, kind };
}

test("means, quantiles and frequencies are of the rows that are trained on", async () => {
  const first = Uint32Array.from({ length: 38 }, (_, i) => i);
  const { amount, kind } = await read({ trainingRows: () => first });
  // The mean and the standard deviation of 1.5, 2.5, ..., 38.5.
  expect(amount.mean).toBeCloseTo(20, 12);
  expect(amount.std).toBeCloseTo(Math.sqrt((38 ** 2 - 1) / 12), 12);
  expect([amount.quantiles![0], amount.quantiles!.at(-1)]).toEqual([1.5, 38.5]);
  // Rows that are held out are written as they are.
  expect([amount.min, amount.max]).toEqual([1.5, 1e6]);
  expect(kind.values).toEqual(["a", "b", "rare"]);
  expect(kind.frequencies).toEqual([0.5, 0.5, 0]);
  const all = await read();
  expect(all.amount.quantiles!.at(-1)).toBe(1e6);
  expect(all.kind.frequencies).toEqual([20 / 40, 19 / 40, 1 / 40]);
});

test("a column that is equal in those rows has the statistics of all", async () => {
  const [{ amount }, all] = [await read({ trainingRows: () => Uint32Array.of(3) }), await read()];
  expect(amount).toEqual(all.amount);
});

test("quantiles of a table are bounded in number, and enough of each column", () => {
  expect([1, 200, 201, 1000, 10_000].map(quantileSteps)).toEqual([1000, 1000, 995, 200, 20]);
});
