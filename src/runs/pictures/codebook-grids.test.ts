import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { digitsSource } from "../../data/generators/digits.ts";
import type { Split } from "../../data/split.ts";
import { symbolLatents } from "../../evaluation/latent-codes.ts";
import type { TrainedModel } from "../../evaluation/trained-model.ts";
import { vqVAE2 } from "../../models/vector-quantized/vq-vae.ts";
import { cpuDevice } from "../../runtime/node.ts";
import { createVariables } from "../../runtime/variables.ts";
import { TrainedModel as Trained } from "../../evaluation/trained-model.ts";
import { variables } from "../../nn/module.ts";
import { initialValue } from "../../nn/initial-value.ts";
import { dataSpec } from "../../data/spec.ts";
import { entriesGrid, type ExampleSymbols, exampleSymbols, swapsGrid, symbolsGrid } from "./codebook-grids.ts";

// An untrained hierarchy is enough: what is shown is a matter of which codes are decoded.
const settings = { channels: [4, 6], codebookSize: 5, codeDim: 2, start: "normal", residualBlocks: 0 };
let trained: TrainedModel;
let split: Split;
let symbols: ExampleSymbols;
beforeAll(async () => {
  const model = vqVAE2.build(vqVAE2.config.parse(settings), dataSpec([1, 28, 28]));
  const named = variables(model);
  const store = createVariables(await cpuDevice(1), named.values());
  for (const [name, v] of named)
    await store.write(
      v,
      initialValue(v.initializer, v.shape, 1, name).map((w) => 1.5 * w),
    );
  trained = new Trained(model, { store, shape: [1, 28, 28] });
  const { test: examples } = await digitsSource({ size: 100 });
  split = { ...examples, indices: examples.indices.subarray(0, 6) };
  symbols = await exampleSymbols(trained, split, "none");
});
afterAll(() => trained.release());

const sizes = { top: 9, bottom: 49 };
const mostUsed = (name: string): number => {
  const counts = symbols.counts.get(name)!;
  return counts.indexOf(Math.max(...counts));
};

test("symbols of examples are counted by latent", () => {
  for (const [name, size] of Object.entries(sizes)) {
    expect(symbols.codes[name]).toHaveLength(6 * size);
    expect(symbols.counts.get(name)!.reduce((a, b) => a + b, 0)).toBe(6 * size);
    expect(symbols.counts.get(name)!.filter((n) => n > 0).length).toBeGreaterThan(1);
  }
});

test("entries are decoded at every position of their latent, the most used first, with the others at their most used symbol", async () => {
  const [latent] = symbolLatents(trained.model);
  const { grid, symbols: order } = await entriesGrid(trained, { latent: latent!, counts: symbols.counts, count: 3 });
  const counts = symbols.counts.get("top")!;
  expect(order).toHaveLength(3);
  expect(order.map((s) => counts[s]!)).toEqual([...counts].toSorted((a, b) => b - a).slice(0, 3));
  const second = await trained.decodeLatents({
    top: new Float32Array(9).fill(order[1]!),
    bottom: new Float32Array(49).fill(mostUsed("bottom")),
  });
  expect(grid.sets[0]!.subarray(784, 2 * 784)).toEqual(second);
});

test("maps have one color for each symbol, in its cell of the image", async () => {
  const latent = symbolLatents(trained.model).find(({ name }) => name === "bottom")!;
  const grid = await symbolsGrid(trained, { split, symbols, latent });
  expect(grid).toMatchObject({ count: 6, shape: [3, 28, 28] });
  const [, reconstructions, maps] = grid.sets as [Float32Array, Float32Array, Float32Array];
  const colors = new Map<number, string>();
  for (let image = 0; image < 6; image++)
    for (let y = 0; y < 28; y++)
      for (let x = 0; x < 28; x++) {
        const symbol = symbols.codes["bottom"]![image * 49 + 7 * Math.floor(y / 4) + Math.floor(x / 4)]!;
        const color = [0, 1, 2].map((channel) => maps[((image * 3 + channel) * 28 + y) * 28 + x]).join();
        if (!colors.has(symbol)) colors.set(symbol, color);
        expect(colors.get(symbol)).toBe(color);
      }
  expect(new Set(colors.values()).size).toBe(colors.size);
  expect(maps.every((v) => v >= 0 && v <= 1)).toBe(true);
  // Gray in three channels.
  const gray = await trained.decodeLatents(symbols.codes);
  expect(reconstructions.subarray(784, 2 * 784)).toEqual(gray.subarray(0, 784));
  expect(reconstructions.subarray(5 * 784, 6 * 784)).toEqual(gray.subarray(784, 2 * 784));
});

describe("swaps", () => {
  test("are pairs, then each with the right half of the other's symbols, then the first with the other's top", async () => {
    const { sets, count } = await swapsGrid(trained, { split, symbols });
    expect([count, sets.length]).toEqual([3, 5]);
    const row = (name: keyof typeof sizes, i: number): Float32Array =>
      symbols.codes[name]!.subarray(i * sizes[name], (i + 1) * sizes[name]);
    const halves = (name: keyof typeof sizes, side: number, own: number, other: number): Float32Array =>
      row(name, own).map((s, i) => (i % side >= side / 2 ? row(name, other)[i]! : s));
    const expected = [
      { top: halves("top", 3, 2, 3), bottom: halves("bottom", 7, 2, 3) },
      { top: halves("top", 3, 3, 2), bottom: halves("bottom", 7, 3, 2) },
      { top: row("top", 3), bottom: row("bottom", 2) },
    ];
    for (const [i, codes] of expected.entries())
      expect(sets[2 + i]!.subarray(784, 2 * 784)).toEqual(await trained.decodeLatents(codes));
  });
});
