import { expect, test } from "vitest";
import { columnStatistics } from "./column-statistics.ts";
import { createDataset } from "../dataset.ts";
import { whole } from "../split.ts";

test("statistics of columns, over more than one batch", async () => {
  const size = 3000;
  const dataset = await createDataset({
    name: "columns",
    description: "",
    shape: [3],
    size,
    // The first column is 0, 1, ..., n - 1, whose variance is (n^2 - 1) / 12; the second lies far from 0.
    values: Float32Array.from(
      { length: 3 * size },
      (_, i) => [Math.floor(i / 3), 1e6 + (Math.floor(i / 3) % 2), 5][i % 3]!,
    ),
    range: null,
  });
  const [first, second, ...others] = columnStatistics(whole(dataset), 2);
  expect(others).toEqual([]);
  expect(first).toEqual({ min: 0, mean: 1499.5, std: expect.closeTo(Math.sqrt((size ** 2 - 1) / 12), 6), max: 2999 });
  expect(second).toEqual({ min: 1e6, mean: expect.closeTo(1e6 + 0.5, 6), std: expect.closeTo(0.5, 6), max: 1e6 + 1 });
});
