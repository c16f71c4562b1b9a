import { describe, expect, test } from "vitest";
import { createDataset } from "../dataset.ts";
import { firstExamples } from "../first-examples.ts";
import { openGeneratedSource } from "../generators/generated-sources.ts";
import { createDataSource, type DataSource, split } from "../split.ts";
import { openPairs } from "./pairs.ts";

/** Points (i, base), half of them of each class. */
async function points(base: number, size: number, more: object = {}): Promise<DataSource> {
  const values = Float32Array.from({ length: 2 * size }, (_, at) => (at % 2 === 0 ? at >> 1 : base));
  const labels = Uint8Array.from({ length: size }, (_, i) => i % 2);
  const dataset = { name: `of ${base}`, description: "points", shape: [2], size, values, range: null, labels, ...more };
  const parts = split(await createDataset(dataset), { validation: 4, test: 4 });
  return createDataSource({ name: dataset.name, description: "points", ...parts });
}
const sources: Readonly<Record<string, () => Promise<DataSource>>> = {
  few: () => points(1, 20),
  many: () => points(2, 50),
  wide: () => points(3, 20, { shape: [1, 2], size: 20 }),
  gray: () => points(1, 20, { range: [0, 100] }),
};
const open = (spec: string): Promise<DataSource> => sources[spec]!();
const sourceOf = ({ train }: DataSource): number[] =>
  Array.from((train.dataset.fields!["source"] as { readonly values: Float32Array }).values);

describe("pairs", () => {
  test.each([
    ["pairs:few,many", 42],
    ["pairs:many,few", 42],
  ])("%s: as long as the longer, the shorter again and again", async (spec, size) => {
    const { train, validation } = await openPairs(spec, {}, open);
    const [from, to] = spec === "pairs:few,many" ? [1, 2] : [2, 1];
    expect([train.indices.length, validation.indices.length]).toEqual([size, 4]);
    const x = firstExamples(train, size);
    const source = sourceOf({ train } as DataSource);
    const counts = (values: ArrayLike<number>): number[] => {
      const seen = new Map<number, number>();
      for (let i = 0; i < size; i++) seen.set(values[2 * i]!, (seen.get(values[2 * i]!) ?? 0) + 1);
      return [...seen.values()];
    };
    expect(new Set(Array.from({ length: size }, (_, i) => x[2 * i + 1]))).toEqual(new Set([to]));
    expect(new Set(Array.from({ length: size }, (_, i) => source[2 * i + 1]))).toEqual(new Set([from]));
    for (const each of [counts(x), counts(source)]) expect(Math.max(...each) - Math.min(...each)).toBeLessThan(2);
  });

  test("labels are those of the target, and come again with it", async () => {
    const { train } = await openPairs("pairs:many,few", {}, open);
    const x = firstExamples(train, 42);
    expect(Array.from(train.dataset.labels!)).toEqual(Array.from({ length: 42 }, (_, i) => x[2 * i]! % 2));
  });

  test("the same seed gives the same pairs, another one others", async () => {
    const [one, same, other] = await Promise.all([0, 0, 1].map((seed) => openPairs("pairs:few,many", { seed }, open)));
    expect(sourceOf(same!)).toEqual(sourceOf(one!));
    expect(same!.fingerprint).toBe(one!.fingerprint);
    expect(sourceOf(other!)).not.toEqual(sourceOf(one!));
    expect(other!.fingerprint).not.toBe(one!.fingerprint);
  });

  test("of generated sources by name", async () => {
    const { train, name } = await openPairs("pairs:toy:8gaussians:100,toy:moons:60", {}, openGeneratedSource);
    expect(name).toBe("pairs:toy:8gaussians:100,toy:moons:60");
    expect(train.indices.length).toBe(100);
  });

  test.each([
    ["pairs:few", 'data: not a pair of sources, got "pairs:few", expected pairs:SOURCE,TARGET'],
    ["pairs:few,many,few", 'data: not a pair of sources, got "pairs:few,many,few", expected pairs:SOURCE,TARGET'],
    ["pairs:,few", 'data: not a pair of sources, got "pairs:,few", expected pairs:SOURCE,TARGET'],
    ["pairs:wide,few", "pairs:wide,few: examples differ in shape, got [1, 2] and [2], expected the same"],
    ["pairs:gray,few", "pairs:gray,few: values differ in kind, got intensities and real numbers, expected the same"],
  ])("refuses %s", async (spec, message) => {
    await expect(openPairs(spec, {}, open)).rejects.toThrow(message);
  });
});
