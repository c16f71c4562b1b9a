import { expect, test } from "vitest";
import { createDataset } from "../dataset.ts";
import { firstExamples } from "../first-examples.ts";
import { digits } from "../generators/digits.ts";
import { createDataSource, split, whole } from "../split.ts";
import { everyExample } from "./every-example.ts";

test("the examples of one file are in its order, whatever split they are in", async () => {
  const dataset = await digits({ size: 50 });
  const source = await createDataSource({ name: "", description: "", ...split(dataset, { test: 0.2, seed: 3 }) });
  const all = await everyExample(source);
  expect(all.dataset).toBe(dataset);
  expect(all.indices).toEqual(whole(dataset).indices);
});

test("the examples of several files follow each other with their labels, names and fields", async () => {
  const part = async (from: number, count: number) =>
    whole(
      await createDataset({
        name: "part",
        description: "",
        shape: [2],
        size: count,
        values: Float32Array.from({ length: 2 * count }, (_, i) => 10 * from + i),
        range: [0, 100],
        labels: Uint8Array.from({ length: count }, (_, i) => (from + i) % 3),
        classNames: ["a", "b", "c"],
        names: Array.from({ length: count }, (_, i) => `${from + i}.png`),
        fields: {
          age: { kind: "numbers", shape: [1], values: Float32Array.from({ length: count }, (_, i) => from + i) },
        },
      }),
    );
  const train = await part(0, 3);
  const parts = {
    train: { ...train, indices: Uint32Array.of(2, 0) },
    validation: { ...train, indices: Uint32Array.of(1) },
    test: await part(3, 2),
  };
  const { dataset, indices } = await everyExample(await createDataSource({ name: "", description: "", ...parts }));
  expect([...indices]).toEqual([0, 1, 2, 3, 4]);
  expect([...dataset.labels!]).toEqual([0, 1, 2, 0, 1]);
  expect(dataset.names).toEqual(["0.png", "1.png", "2.png", "3.png", "4.png"]);
  expect([...(dataset.fields!["age"]!.values as Float32Array)]).toEqual([0, 1, 2, 3, 4]);
  const values = [0, 1, 2, 3, 4, 5, 30, 31, 32, 33].map((v) => Math.fround(v / 100));
  expect([...firstExamples({ dataset, indices }, 5)]).toEqual(values);
  // As intensities still, so that a model of binary data can be given them.
  expect([...firstExamples({ dataset, indices }, 5, "threshold")]).toEqual(values.map(() => 0));
});
