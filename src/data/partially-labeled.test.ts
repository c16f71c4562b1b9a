import { describe, expect, test } from "vitest";
import { Batches, type BatchOptions } from "./batches.ts";
import { createDataset } from "./dataset.ts";
import { type Split, whole } from "./split.ts";

const size = 200;
const dataset = await createDataset({
  name: "points",
  description: "",
  shape: [1],
  size,
  values: Uint8Array.from({ length: size }, (_, i) => i),
  range: [0, 255],
  // Class 3 is rare.
  labels: Uint8Array.from({ length: size }, (_, i) => (i % 40 === 0 ? 3 : i % 3)),
});
const labelOf = (i: number): number => dataset.labels![i]!;
const field = { name: "class", kind: "class", classes: dataset.classNames! } as const;
const options = { batchSize: 16, purpose: "training", seed: 5, fields: [field] } as const;

/** [example, label or -1] of every row of an epoch. */
function rows(split: Split, given: BatchOptions, epoch: number): (readonly [number, number])[] {
  const batches = new Batches(split, given);
  const label = new BigInt64Array(given.batchSize);
  return Array.from(batches.epoch(epoch)).flatMap((cursor) => {
    const count = batches.fillLabels(label, cursor);
    return Array.from(batches.indices(cursor), (example, row): readonly [number, number] => [
      example,
      Number(label[row]),
    ]).slice(0, count);
  });
}

describe("of 40 labels kept", () => {
  const given = { ...options, labeledExamples: 40 };
  const epochs = [0, 1, 2].map((epoch) => rows(whole(dataset), given, epoch));
  const all = epochs.flat();

  test("the same examples have them throughout, and theirs are the right ones", () => {
    const kept = new Set(all.filter(([, label]) => label !== -1).map(([example]) => example));
    expect(kept.size).toBe(40);
    for (const [example, label] of all) expect(label).toBe(kept.has(example) ? labelOf(example) : -1);
  });

  test("as many are of each class as there are, the rest even", () => {
    const kept = new Set(all.filter(([, label]) => label !== -1).map(([example]) => example));
    const counts = [0, 1, 2, 3].map((c) => [...kept].filter((example) => labelOf(example) === c).length);
    // Five of the rare class exist; ten of each were wanted, and the five places left go to any class.
    expect(counts[3]).toBe(5);
    expect(Math.min(...counts.slice(0, 3))).toBeGreaterThanOrEqual(10);
    expect(counts.reduce((a, b) => a + b)).toBe(40);
  });

  test("a quarter of every batch is labeled, evenly spaced", () => {
    for (let from = 0; from < all.length; from += 4)
      expect(all.slice(from, from + 4).filter(([, label]) => label !== -1)).toHaveLength(1);
  });

  test("an epoch shows an example without a label at most once, and over two all labeled ones come as often", () => {
    expect(epochs[0]).toHaveLength(Math.floor(160 / 12) * 16);
    for (const epoch of epochs) {
      const hidden = epoch.filter(([, label]) => label === -1).map(([example]) => example);
      expect(new Set(hidden).size).toBe(hidden.length);
    }
    const shown = all.filter(([, label]) => label !== -1).map(([example]) => example);
    const counts = shown.reduce(
      (seen, example) => seen.set(example, (seen.get(example) ?? 0) + 1),
      new Map<number, number>(),
    );
    expect(Math.max(...counts.values()) - Math.min(...counts.values())).toBeLessThanOrEqual(1);
  });

  test("a batch depends on the cursor alone", () => {
    const [a, b] = [new Batches(whole(dataset), given), new Batches(whole(dataset), given)];
    a.indices({ epoch: 4, index: 7 });
    a.indices({ epoch: 0, index: 1 });
    expect([...a.indices({ epoch: 2, index: 3 })]).toEqual([...b.indices({ epoch: 2, index: 3 })]);
    const other = new Batches(whole(dataset), { ...given, seed: 6 });
    expect([...other.indices({ epoch: 2, index: 3 })]).not.toEqual([...b.indices({ epoch: 2, index: 3 })]);
  });

  test("the labeled fraction says so, and an evaluation hides none", () => {
    expect(new Batches(whole(dataset), given).labeledFraction).toBe(0.2);
    const evaluation = rows(whole(dataset), { ...given, purpose: "evaluation" }, 0);
    expect(evaluation).toEqual(Array.from({ length: size }, (_, i) => [i, labelOf(i)]));
  });
});

test("with as many labels as examples, batches are what they are without the setting", () => {
  const given = { ...options, labeledExamples: size };
  expect(new Batches(whole(dataset), given).labeledFraction).toBe(1);
  expect(rows(whole(dataset), given, 1)).toEqual(rows(whole(dataset), options, 1));
});

test("batches that cannot hold both kinds are refused", () => {
  expect(() => new Batches(whole(dataset), { ...options, labeledExamples: 196 })).toThrow(
    "batches: batch larger than the data, got batch size 16 for 4 examples without labels, expected at most 8",
  );
});
