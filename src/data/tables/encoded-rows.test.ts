import { describe, expect, test } from "vitest";
import { Batches } from "../batches.ts";
import { BlockCache } from "../storage/block-cache.ts";
import { fingerprint } from "../fingerprint.ts";
import type { SpillStorage } from "../storage/spill-storage.ts";
import { split } from "../split.ts";
import { TableReader } from "./table.ts";

/** Spill storage in memory that starts full of ones, as a disk may. */
function memoryScratch(bytes: number): SpillStorage {
  const all = new Uint8Array(bytes).fill(255);
  return {
    write: (from, at) => all.set(from, at),
    read: (into, at) => into.set(all.subarray(at, at + into.length)),
  };
}

const ROWS = 60_000;
const city = ["Bern", "Oslo", "Rome"];
const rows = Array.from({ length: ROWS }, (_, i) => [
  String((i * 7919) % 10_007),
  city[(i * i) % 3]!,
  i % 50 === 0 ? "" : (Math.sin(i) * 1000).toFixed(3),
  String(i % 4),
]);

async function read(mostInMemory?: number) {
  const space = mostInMemory === undefined ? undefined : { mostInMemory, scratch: () => memoryScratch(4_000_000) };
  const reader = new TableReader("t.csv", space);
  reader.header(["a", "city", "b", "class"]);
  rows.forEach((row, i) => reader.row(row, i + 2));
  return reader.dataset({ missing: "impute", condition: "class" });
}

describe("a spilled table", () => {
  test("is the table in memory: columns, labels, fingerprint and every example", async () => {
    const [held, spilled] = [await read(), await read(200_000)];
    expect(held.values.blocks).toBeUndefined();
    expect(spilled.values.blocks).toBeDefined();
    expect(spilled.columns).toEqual(held.columns);
    expect(spilled.labels).toEqual(held.labels);
    expect(spilled.fingerprint).toBe(held.fingerprint);
    const examples = ({ values }: typeof held): Float32Array => {
      const all = new Float32Array(5 * ROWS);
      for (let i = 0; i < ROWS; i++) values.readFloats(i, all.subarray(5 * i, 5 * i + 5));
      return all;
    };
    expect(examples(spilled)).toEqual(examples(held));
  });

  test("passes in a new order every epoch, each row once, and resumes where it stopped", async () => {
    const { train } = split(await read(200_000));
    const batches = () => new Batches(train, { batchSize: 100, purpose: "training", seed: 3 });
    const orderOf = (epoch: number, from = batches()): number[] =>
      [...from.epoch(epoch)].flatMap((cursor) => Array.from(from.indices(cursor)));
    const first = orderOf(0);
    expect(first.toSorted((a, b) => a - b)).toEqual(Array.from(train.indices));
    expect(orderOf(1).toSorted((a, b) => a - b)).toEqual(Array.from(train.indices));
    expect(orderOf(1)).not.toEqual(first);
    // A run that begins anew in the middle sees the same.
    expect(Array.from(batches().indices({ epoch: 1, index: 77 }))).toEqual(orderOf(1).slice(7700, 7800));
  });
});

describe("blocks", () => {
  test("the ones used last are kept", () => {
    const loaded: number[] = [];
    const cache = new BlockCache<number>(2, (index) => {
      loaded.push(index);
      return index;
    });
    for (const index of [0, 1, 0, 2, 0, 1, 1]) expect(cache.block(index)).toBe(index);
    expect(loaded).toEqual([0, 1, 2, 1]);
  });

  test("memory of the one used longest ago is used again", () => {
    const cache = new BlockCache<{ index: number }>(1, (index, instead = { index }) =>
      Object.assign(instead, { index }),
    );
    const block = cache.block(4);
    expect(cache.block(5)).toBe(block);
    expect(block.index).toBe(5);
  });
});

test("a fingerprint of pieces is that of the whole", async () => {
  const whole = Uint8Array.from({ length: 2_200_000 }, (_, i) => i * i);
  for (const size of [1000, 1_048_576, 3_000_000]) {
    const pieces = Array.from({ length: Math.ceil(whole.length / size) }, (_, i) =>
      whole.subarray(i * size, (i + 1) * size),
    );
    expect(await fingerprint("a", pieces, "b")).toBe(await fingerprint("a", whole, "b"));
  }
  expect(await fingerprint([])).toBe(await fingerprint(new Uint8Array()));
});
