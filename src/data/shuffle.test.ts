import { expect, test } from "vitest";
import { stream } from "../random/index.ts";
import type { Dataset } from "./dataset.ts";
import { shuffled } from "./shuffle.ts";

const dataset = (size: number, held: number): Dataset => ({
  name: "t",
  description: "",
  shape: [1],
  size: 1000,
  range: null,
  fingerprint: "",
  values: { content: "", blocks: { size, held }, readFloats: () => {} },
});
const some = Uint32Array.from({ length: 1000 }, (_, i) => i).filter((i) => i % 3 > 0);

test("examples of so many blocks come together, and no more are needed at a time", () => {
  const [size, held] = [10, 7];
  const order = shuffled(dataset(size, held), some, stream(1, "a"));
  expect(order.toSorted()).toEqual(some);
  const lasts = new Map<number, number>();
  order.forEach((example, at) => lasts.set(Math.floor(example / size), at));
  const open = new Set<number>();
  order.forEach((example, at) => {
    const block = Math.floor(example / size);
    open.add(block);
    expect(open.size).toBeLessThanOrEqual(held);
    if (lasts.get(block) === at) open.delete(block);
  });
});

test("every example is equally likely to come first", () => {
  const firsts = new Map<number, number>();
  const few = Uint32Array.from({ length: 20 }, (_, i) => i);
  const trials = 20_000;
  for (let i = 0; i < trials; i++) {
    const [first] = shuffled(dataset(4, 2), few, stream(i, "b"));
    firsts.set(first!, (firsts.get(first!) ?? 0) + 1);
  }
  const chiSquare = few.reduce((sum, i) => sum + ((firsts.get(i) ?? 0) - trials / 20) ** 2 / (trials / 20), 0);
  expect(chiSquare).toBeLessThan(36.19); // 1% level, 19 degrees of freedom
});

test("the order is that of a full shuffle where memory holds all", () => {
  const values = new Uint8Array(1000);
  const order = shuffled({ ...dataset(1, 1), values }, some, stream(2, "c"));
  expect(order).toEqual(
    stream(2, "c")
      .permutation(some.length)
      .map((at) => some[at]!),
  );
});
