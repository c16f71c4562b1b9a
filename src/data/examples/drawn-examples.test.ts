import { expect, test } from "vitest";
import { digits } from "../generators/digits.ts";
import { whole } from "../split.ts";
import { drawnExamples, inRandomOrder } from "./drawn-examples.ts";

test("a few examples are of the whole split, by the seed and in its order", async () => {
  const split = whole(await digits({ size: 1000 }));
  const { indices } = drawnExamples(split, 100, 1);
  expect([...indices]).toEqual([...new Set(indices)].toSorted((a, b) => a - b));
  expect(indices).toHaveLength(100);
  // The mean of 100 of 0..999 without replacement: 499.5, standard deviation 27; of the first 100 it is 49.5.
  expect(Math.abs(indices.reduce((sum, i) => sum + i, 0) / 100 - 499.5)).toBeLessThan(110);
  expect(drawnExamples(split, 100, 1).indices).toEqual(indices);
  expect(drawnExamples(split, 100, 2).indices).not.toEqual(indices);
  expect(drawnExamples(split, 1000).indices).toBe(split.indices);
});

test("a random order has every example once", async () => {
  const split = whole(await digits({ size: 200 }));
  const { indices } = inRandomOrder(split, 0);
  expect(indices).not.toEqual(split.indices);
  expect(indices.toSorted()).toEqual(split.indices);
});
