import { expect, test } from "vitest";
import { ConfigError } from "../errors.ts";
import { createDataset, type Dataset } from "./dataset.ts";
import { completeParts, createDataSource, mixed, split, whole } from "./split.ts";

const numbered = (size: number): Promise<Dataset> =>
  createDataset({
    name: "numbered",
    description: "",
    shape: [1],
    size,
    values: Float32Array.from({ length: size }, (_, i) => i),
    range: [0, size],
  });

test("every example is in exactly one split", async () => {
  const { train, validation, test: tested } = split(await numbered(1000), { validation: 0.25, test: 30, seed: 3 });
  expect([train, validation, tested].map(({ indices }) => indices.length)).toEqual([720, 250, 30]);
  const all = [train, validation, tested].flatMap(({ indices }) => Array.from(indices));
  expect(all.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
});

test("held-out examples come from the whole range, by seed", async () => {
  const dataset = await numbered(1000);
  const { validation } = split(dataset, { seed: 1 });
  expect(validation.indices.length).toBe(100);
  // The mean of 100 of 0..999 without replacement: 499.5, standard deviation 27.
  const mean = validation.indices.reduce((sum, i) => sum + i, 0) / 100;
  expect(Math.abs(mean - 499.5)).toBeLessThan(110);
  expect(split(dataset, { seed: 1 }).validation.indices).toEqual(validation.indices);
  expect(split(dataset, { seed: 2 }).validation.indices).not.toEqual(validation.indices);
});

test.each([{ validation: 0 }, { validation: -1 }, { validation: 10 }, { validation: 2.5 }, { validation: 5, test: 5 }])(
  "%o of 10 examples is refused",
  async (options) => {
    const dataset = await numbered(10);
    expect(() => split(dataset, options)).toThrow(ConfigError);
  },
);

test("a fingerprint follows content and membership, not names", async () => {
  const [a, b] = [await numbered(10), await numbered(10)];
  const source = (dataset: Dataset, seed: number) =>
    createDataSource({ name: `${seed}`, description: "", ...split(dataset, { test: 2, validation: 2, seed }) });
  expect(a.fingerprint).toBe(b.fingerprint);
  expect(a.fingerprint).not.toBe((await numbered(11)).fingerprint);
  const { fingerprint } = await source(a, 1);
  expect((await source(b, 1)).fingerprint).toBe(fingerprint);
  expect((await source(a, 2)).fingerprint).not.toBe(fingerprint);
  expect(whole(a).indices).toEqual(Uint32Array.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9));
});

/** 100 examples sorted by class: 60 of the first, 30 of the second, 10 of the third. */
const sorted = async (): Promise<Dataset> =>
  createDataset({
    ...(await numbered(100)),
    labels: Uint8Array.from({ length: 100 }, (_, i) => (i < 60 ? 0 : i < 90 ? 1 : 2)),
    classNames: ["a", "b", "c"],
  });

test("every split of labeled examples has the classes in their proportions", async () => {
  for (const seed of [0, 1, 2]) {
    const dataset = await sorted();
    const parts = split(dataset, { validation: 0.1, test: 0.2, seed });
    const counts = [parts.train, parts.validation, parts.test].map(({ indices }) =>
      [0, 1, 2].map((label) => indices.filter((i) => dataset.labels![i] === label).length),
    );
    expect(counts).toEqual([
      [42, 21, 7],
      [6, 3, 1],
      [12, 6, 2],
    ]);
  }
  const other = split(await sorted(), { seed: 1 }).validation.indices;
  expect(split(await sorted(), { seed: 0 }).validation.indices).not.toEqual(other);
});

test("whole sources hold nothing out", async () => {
  const dataset = await sorted();
  const { train, validation, test: tested } = split(dataset, { test: 0.1, whole: true });
  expect(train.indices).toEqual(whole(dataset).indices);
  expect([validation.indices.length, tested.indices.length]).toEqual([0, 0]);
  expect(split(await numbered(1), { test: 0.1, whole: true }).train.indices).toEqual(Uint32Array.of(0));
  const parts = { train: { dataset, indices: Uint32Array.of(5, 1) } };
  expect(completeParts(parts, { whole: true }).train.indices).toEqual(Uint32Array.of(5, 1));
  expect(mixed(split(dataset, { whole: true }), { whole: true }).train.indices).toEqual(whole(dataset).indices);
});
