import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ConfigError } from "../errors.ts";
import { Batches, type BatchOptions } from "./batches.ts";
import { BINARIZATIONS, parseBinarization } from "./binarize.ts";
import { createDataset, type Dataset } from "./dataset.ts";
import type { FieldSpec } from "./spec.ts";
import { split, whole } from "./split.ts";

const ramp = (size: number, shape: readonly number[], labeled = false): Promise<Dataset<Uint8Array>> => {
  const count = size * shape.reduce((a, b) => a * b, 1);
  return createDataset({
    name: "ramp",
    description: "",
    shape,
    size,
    values: Uint8Array.from({ length: count }, (_, i) => (i * 7) & 0xff),
    range: [0, 255],
    ...(labeled && { labels: Uint8Array.from({ length: size }, (_, i) => i % 256) }),
  });
};
const small = await ramp(103, [1, 3, 3], true);

function read(batches: Batches, epoch: number): Float32Array[] {
  return Array.from(batches.epoch(epoch), (cursor) => {
    const out = new Float32Array(batches.batchSize * batches.exampleSize);
    return out.slice(0, batches.fillExamples(out, cursor) * batches.exampleSize);
  });
}

const visited = (batches: Batches, epoch: number) =>
  Array.from(batches.epoch(epoch)).flatMap((cursor) => Array.from(batches.indices(cursor)));

test("every example of the split is visited exactly once an epoch", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 90 }), fc.nat(), fc.nat(1000), (batchSize, seed, epoch) => {
      const { train } = split(small, { validation: 13, seed: 1 });
      const evaluated = visited(new Batches(train, { batchSize, purpose: "evaluation" }), epoch);
      expect(evaluated).toEqual(Array.from(train.indices));
      const trained = visited(new Batches(train, { batchSize, purpose: "training", seed }), epoch);
      expect(trained.length).toBe(90 - (90 % batchSize));
      expect(new Set(trained).size).toBe(trained.length);
      expect(trained.every((example) => train.indices.includes(example))).toBe(true);
      if (batchSize === 1) expect(trained.toSorted((a, b) => a - b)).toEqual(evaluated);
    }),
    { seed: 1 },
  );
});

test("the order changes with epoch and seed, and with nothing else", () => {
  const batches = (seed: number) => new Batches(whole(small), { batchSize: 10, purpose: "training", seed });
  const first = visited(batches(1), 0);
  expect(visited(batches(1), 0)).toEqual(first);
  expect(visited(batches(1), 1)).not.toEqual(first);
  expect(visited(batches(2), 0)).not.toEqual(first);
});

test("every example is equally likely to come first", () => {
  const batches = (seed: number) => new Batches(whole(small), { batchSize: 1, purpose: "training", seed });
  const counts = new Uint32Array(small.size);
  for (let seed = 0; seed < 2060; seed++) counts[batches(seed).indices({ epoch: 0, index: 0 })[0]!]!++;
  // Chi-squared with 102 degrees of freedom: mean 102, standard deviation 14.3.
  const chiSquared = counts.reduce((sum, count) => sum + (count - 20) ** 2 / 20, 0);
  expect(chiSquared).toBeGreaterThan(50);
  expect(chiSquared).toBeLessThan(175);
});

test.each(BINARIZATIONS)("resuming at a saved cursor gives the same bytes: %s", (binarize) => {
  const options: BatchOptions = { batchSize: 8, purpose: "training", seed: 4, binarize };
  const fill = (batches: Batches, steps: number, from: number) => {
    let cursor = batches.cursorAt(from);
    return Array.from({ length: steps }, () => {
      const out = new Float32Array(8 * 9);
      batches.fillExamples(out, cursor);
      cursor = batches.after(cursor);
      return out;
    });
  };
  const all = fill(new Batches(whole(small), options), 40, 0);
  const resumed = new Batches(whole(small), options);
  // Looking elsewhere first must not matter.
  resumed.fillExamples(new Float32Array(72), { epoch: 7, index: 3 });
  const saved = JSON.parse(JSON.stringify(resumed.cursorAt(17))) as { epoch: number; index: number };
  expect(saved).toEqual({ epoch: 1, index: 5 });
  expect(fill(resumed, 23, 17)).toEqual(all.slice(17));
});

test("bytes become v / 255 in float32, and a short batch leaves the rest alone", () => {
  const batches = new Batches(whole(small), { batchSize: 100, purpose: "evaluation" });
  const out = new Float32Array(900).fill(-1);
  expect(batches.fillExamples(out, { epoch: 0, index: 1 })).toBe(3);
  const expected = Float32Array.from(small.values.subarray(900), (value) => value / 255);
  expect(out.subarray(0, 27)).toEqual(expected);
  expect(out.subarray(27).every((value) => value === -1)).toBe(true);
});

test("stored floats are scaled from their range", async () => {
  const dataset = await createDataset({
    name: "floats",
    description: "",
    shape: [2],
    size: 2,
    values: Float32Array.of(-1, 0, 0.5, 1),
    range: [-1, 1],
  });
  const [batch] = read(new Batches(whole(dataset), { batchSize: 2, purpose: "evaluation" }), 0);
  expect(batch).toEqual(Float32Array.of(0, 0.5, 0.75, 1));
});

test("labels follow their examples", () => {
  const batches = new Batches(whole(small), { batchSize: 10, purpose: "training", seed: 9 });
  const cursor = { epoch: 2, index: 4 };
  const examples = Array.from(batches.indices(cursor));
  const [narrow, wide] = [new Int32Array(10), new BigInt64Array(10)];
  expect(batches.fillLabels(narrow, cursor)).toBe(10);
  expect(batches.fillLabels(wide, cursor)).toBe(10);
  expect(Array.from(narrow)).toEqual(examples);
  expect(Array.from(wide, Number)).toEqual(examples);
});

test("labels that a model needs are there, and of its classes", async () => {
  const { labels: _, classNames: __, ...parts } = small;
  const unlabeled = whole(await createDataset(parts));
  const options = { batchSize: 10, purpose: "training" } as const;
  const of = (classes: number): FieldSpec => ({
    name: "class",
    kind: "class",
    classes: Array.from({ length: classes }, (_, k) => String(k)),
  });
  expect(() => new Batches(unlabeled, { ...options, fields: [of(103)] })).toThrow(
    "ramp: no labels, got none, expected a labeled dataset of 103 classes",
  );
  expect(() => new Batches(whole(small), { ...options, fields: [of(102)] })).toThrow(
    "ramp: a label is not one of the model's classes, got 102 for example 102, expected 0 to 101",
  );
  expect(new Batches(whole(small), { ...options, fields: [of(103)] }).allocate().fields).toHaveProperty("class");
  expect(new Batches(whole(small), options).allocate().fields).toEqual({});
});

describe("fields", () => {
  const pairs = Float32Array.from({ length: 206 }, (_, i) => i / 2);
  const tones: Uint16Array = Uint16Array.from({ length: 103 }, (_, i) => (7 * i) % 300);
  const names = Array.from({ length: 300 }, (_, k) => `tone ${k}`);
  const withFields = createDataset({
    ...small,
    fields: {
      pair: { kind: "numbers", shape: [2], values: pairs },
      tone: { kind: "class", values: tones, classes: names },
    },
  });
  const pair: FieldSpec = { name: "pair", kind: "numbers", shape: [2] };
  const tone: FieldSpec = { name: "tone", kind: "class", classes: names };

  test("follow their examples, of more than 256 classes too, one batch behind another", async () => {
    const options = { batchSize: 10, purpose: "training", seed: 3, fields: [tone, pair] } as const;
    const batches = new Batches(whole(await withFields), options);
    const arrays = batches.allocate(2);
    const examples = [0, 1].flatMap((at) => {
      const cursor = { epoch: 1, index: 4 + at };
      expect(batches.fill(arrays, cursor, at)).toBe(10);
      return Array.from(batches.indices(cursor));
    });
    expect([...arrays.fields["tone"]!].map(Number)).toEqual(examples.map((i) => tones[i]));
    expect([...arrays.fields["pair"]!]).toEqual(examples.flatMap((i) => [pairs[2 * i], pairs[2 * i + 1]]));
    const alone = batches.allocate();
    batches.fill(alone, { epoch: 1, index: 5 });
    expect(arrays.x.slice(90)).toEqual(alone.x);
    // Tones go beyond what a byte holds.
    expect(Math.max(...tones)).toBeGreaterThan(256);
  });

  test.each<readonly [string, FieldSpec, RegExp]>([
    ["missing", { ...pair, name: "size" }, /^ramp: field size is missing, got class, pair, tone, expected numbers of/],
    [
      "of another shape",
      { name: "pair", kind: "numbers", shape: [3] },
      /^ramp: field pair does not fit .*\[2\], expected .*\[3\]$/,
    ],
    ["of another kind", { ...tone, name: "pair" }, /^ramp: field pair does not fit .*\[2\], expected 300 classes$/],
    [
      "of too few classes",
      { name: "tone", kind: "class", classes: ["a"] },
      /^ramp: a label is not one .*, got 7 for example 1, /,
    ],
  ])("that are %s are refused in one line", async (_, field, message) => {
    const split = whole(await withFields);
    expect(() => new Batches(split, { batchSize: 10, purpose: "training", fields: [field] })).toThrow(message);
  });
});

describe("binarization", () => {
  /** One value of every intensity, in an odd number so that words do not come out even. */
  const everyByte = createDataset({
    name: "every byte",
    description: "",
    shape: [257],
    size: 2,
    values: Uint8Array.from({ length: 514 }, (_, i) => i % 257),
    range: [0, 255],
  });

  test("dynamic samples average to the intensity, 0 and 1 stay, epochs and examples differ", async () => {
    const epochs = 4000;
    const batches = new Batches(whole(await everyByte), {
      batchSize: 1,
      purpose: "training",
      seed: 1,
      binarize: "dynamic",
    });
    const sums = new Float64Array(257);
    let product = 0;
    let others = 0;
    let previous = new Float32Array(257);
    const out = new Float32Array(257);
    for (let epoch = 0; epoch < epochs; epoch++) {
      batches.fillExamples(out, { epoch, index: 0 });
      out.forEach((value, i) => {
        if (value !== 0 && value !== 1) others++;
        sums[i]! += value;
        const p = (i % 256) / 255;
        const before = ((i + 256) % 256) / 255;
        product += (value - p) * (previous[i]! - before);
      });
      previous = out.slice();
    }
    let chiSquared = 0;
    for (let byte = 1; byte < 255; byte++) {
      const p = byte / 255;
      chiSquared += (sums[byte]! - epochs * p) ** 2 / (epochs * p * (1 - p));
    }
    expect(others).toBe(0);
    expect(sums[0]).toBe(0);
    expect(sums[255]).toBe(epochs);
    // 254 degrees of freedom: standard deviation 22.5.
    expect(Math.abs(chiSquared - 254)).toBeLessThan(100);
    // Epochs are uncorrelated: standard deviation sqrt(epochs * 257 * mean (p(1-p))^2) = 185.
    expect(Math.abs(product)).toBeLessThan(740);
  });

  test("a sample depends on the example, not on its batch", async () => {
    const [a, b] = [7, 3].map((batchSize) => {
      const batches = new Batches(whole(small), { batchSize, purpose: "training", seed: 2, binarize: "dynamic" });
      const rows = new Map<number, Float32Array>();
      for (const cursor of batches.epoch(5)) {
        const out = new Float32Array(batchSize * 9);
        batches.fillExamples(out, cursor);
        batches.indices(cursor).forEach((example, row) => rows.set(example, out.slice(9 * row, 9 * row + 9)));
      }
      return rows;
    }) as [Map<number, Float32Array>, Map<number, Float32Array>];
    for (const [example, row] of a) if (b.has(example)) expect(b.get(example)).toEqual(row);
  });

  test("fixed never changes, and evaluation uses the same sample whatever the seed", () => {
    const rows = (options: Omit<BatchOptions, "batchSize">, epoch: number) => {
      const batches = new Batches(whole(small), { batchSize: 1, ...options });
      return new Map(read(batches, epoch).map((row, i) => [batches.indices({ epoch, index: i })[0], row] as const));
    };
    const fixed = rows({ purpose: "training", seed: 1, binarize: "fixed" }, 0);
    expect(rows({ purpose: "training", seed: 2, binarize: "fixed" }, 3)).toEqual(fixed);
    expect(rows({ purpose: "evaluation", seed: 5, binarize: "fixed" }, 1)).toEqual(fixed);
    expect(rows({ purpose: "evaluation", seed: 6, binarize: "dynamic" }, 2)).toEqual(fixed);
    expect(rows({ purpose: "training", seed: 1, binarize: "dynamic" }, 0)).not.toEqual(fixed);
  });

  test("threshold is 1 from one half", async () => {
    const batches = new Batches(whole(await everyByte), { batchSize: 2, purpose: "evaluation", binarize: "threshold" });
    const [batch] = read(batches, 0);
    expect(Array.from(batch!)).toEqual(Array.from((await everyByte).values, (value) => (value >= 127.5 ? 1 : 0)));
  });

  test("floats and bytes of equal intensity give the same samples", async () => {
    const bytes = await everyByte;
    const floats = await createDataset({ ...bytes, values: Float32Array.from(bytes.values) });
    for (const binarize of BINARIZATIONS) {
      const [a, b] = [bytes, floats].map((dataset) =>
        read(new Batches(whole(dataset), { batchSize: 2, purpose: "training", seed: 3, binarize }), 8),
      );
      expect(a).toEqual(b);
    }
  });

  test("names from outside", () => {
    expect(parseBinarization("fixed")).toBe("fixed");
    expect(() => parseBinarization("Fixed")).toThrow(/got "Fixed", expected none, dynamic, fixed, threshold/);
  });
});

test.each([
  [{ batchSize: 104 }, /batch larger than the data, got batch size 104 for 103/],
  [{ batchSize: 0 }, /batch size out of range/],
  [{ batchSize: 2.5 }, /batch size out of range/],
])("%o is refused", (options, message) => {
  const make = () => new Batches(whole(small), { purpose: "training", ...options });
  expect(make).toThrow(ConfigError);
  expect(make).toThrow(message);
});

test("an evaluation may be smaller than its batch", () => {
  expect(new Batches(whole(small), { batchSize: 512, purpose: "evaluation" }).batchesPerEpoch).toBe(1);
});

test("what cannot be filled is refused", async () => {
  const batches = new Batches(whole(small), { batchSize: 10, purpose: "training" });
  for (const cursor of [
    { epoch: 0, index: 10 },
    { epoch: -1, index: 0 },
    { epoch: 0, index: 0.5 },
    { epoch: Number.NaN, index: 0 },
  ])
    expect(() => batches.fillExamples(new Float32Array(90), cursor)).toThrow(/cursor out of range/);
  expect(() => batches.fillExamples(new Float32Array(89), { epoch: 0, index: 0 })).toThrow(/array too short, got 89/);
  expect(() => new Batches(split(small).test, { batchSize: 1, purpose: "evaluation" })).toThrow(/empty/);
  const unlabeled = new Batches(whole(await ramp(5, [1])), { batchSize: 1, purpose: "training" });
  expect(() => unlabeled.fillLabels(new Int32Array(1), { epoch: 0, index: 0 })).toThrow(/no labels/);
});
