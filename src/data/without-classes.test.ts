import { expect, test } from "vitest";
import { createDataset } from "./dataset.ts";
import { createDataSource, type DataSource } from "./split.ts";
import { withoutClasses } from "./without-classes.ts";

async function source(labels?: readonly number[]): Promise<DataSource> {
  const dataset = await createDataset({
    name: "rows",
    description: "",
    shape: [1],
    size: 6,
    values: Float32Array.of(0, 1, 2, 3, 4, 5),
    range: null,
    ...(labels && { labels: Uint8Array.from(labels), classNames: ["cat", "dog", "cow"] }),
  });
  const part = (...indices: number[]) => ({ dataset, indices: Uint32Array.from(indices) });
  return createDataSource({
    name: "rows",
    description: "six",
    train: part(0, 1, 2),
    validation: part(3),
    test: part(4, 5),
  });
}

test("the examples of a class are left out of every split, and the others keep their labels", async () => {
  const whole = await source([0, 1, 2, 1, 1, 0]);
  const left = await withoutClasses(whole, new Set([1]));
  expect([...left.train.indices]).toEqual([0, 2]);
  expect([...left.validation.indices]).toEqual([]);
  expect([...left.test.indices]).toEqual([5]);
  expect(left.train.dataset).toBe(whole.train.dataset);
  expect(left.description).toBe("six; without dog");
  expect(left.fingerprint).not.toBe(whole.fingerprint);
});

test("what leaves nothing to train on, or has no labels, is refused", async () => {
  await expect(withoutClasses(await source([0, 1, 2, 1, 1, 0]), new Set([0, 1, 2]))).rejects.toThrow(
    "rows: nothing left to train on, got no example but of cat, dog, cow, expected other classes too",
  );
  await expect(withoutClasses(await source(), new Set([0]))).rejects.toThrow("rows: no labels");
});
