import { afterEach, describe, expect, test } from "vitest";
import { dataSpec } from "../../data/spec.ts";
import { digitsSource } from "../../data/generators/digits.ts";
import { firstExamples } from "../../data/first-examples.ts";
import { TrainedModel } from "../../evaluation/trained-model.ts";
import { findModel } from "../../models/registry.ts";
import { initialValue } from "../../nn/initial-value.ts";
import { variables } from "../../nn/module.ts";
import { cpuDevice } from "../../runtime/node.ts";
import { createVariables } from "../../runtime/variables.ts";
import { levelsGrid } from "./level-grids.ts";

let trained: TrainedModel | undefined;
afterEach(() => trained?.release());

// Untrained hierarchies are enough: what is shown is a matter of which codes are decoded.
const size = 784;
async function gridOf(
  name: string,
  config: object,
  options: { keep: "above" | "below"; columns?: number; seed?: number },
) {
  const definition = findModel(name);
  const model = definition.build(definition.config.parse(config), dataSpec([1, 28, 28]));
  const named = variables(model);
  const store = createVariables(await cpuDevice(1), named.values());
  for (const [path, v] of named)
    await store.write(
      v,
      initialValue(v.initializer, v.shape, 1, path).map((w, i) => 1.5 * w + 0.2 * Math.sin(i)),
    );
  trained = new TrainedModel(model, { store, shape: [1, 28, 28] });
  const { test: examples } = await digitsSource({ size: 100 });
  const split = { ...examples, indices: examples.indices.subarray(0, 3) };
  const { grid, columns } = await levelsGrid(trained, { split, binarize: "none", columns: 12, seed: 0, ...options });
  const tile = (row: number, column: number): Float32Array => {
    const at = row * grid.columns + column;
    return grid.sets[0]!.subarray(at * size, (at + 1) * size);
  };
  return { grid, columns, tile, x: firstExamples(split, 3) };
}

describe.each([
  ["ladder-vae", { latentDims: [2, 3, 4], hiddenDims: [8, 8, 8] }, ["z1", "z2", "z3"]],
  ["vdvae", { latents: [1, 2], patch: 4, width: 8 }, ["z1", "z2", "z3"]],
  ["two-layer", { latentDim: 3, topDim: 2, hiddenDims: [8], topHiddenDims: [4] }, ["h2", "h1"]],
  [
    "vq-vae-2",
    { channels: [4, 6], codebookSize: 5, codeDim: 2, start: "normal", residualBlocks: 0 },
    ["top", "bottom"],
  ],
] as const)("%s", (name, config, names) => {
  test("keeps one latent more in each column, until all are the example's", async () => {
    const { grid, columns, tile, x } = await gridOf(name, config, { keep: "above" });
    expect(grid).toMatchObject({ count: 3 * (names.length + 1), columns: names.length + 1, shape: [1, 28, 28] });
    expect(columns).toEqual(names.map((to) => ({ from: names[0], to })));
    for (const row of [0, 1, 2]) expect(tile(row, 0)).toEqual(x.subarray(row * size, (row + 1) * size));
    const own = [0, 1, 2].map((row) => tile(row, names.length).slice());
    // The other way, nothing is another sample's in the first column.
    await trained!.release();
    const other = await gridOf(name, config, { keep: "below" });
    expect(other.columns).toEqual(names.map((from) => ({ from, to: names.at(-1) })));
    own.forEach((of, row) => expect(other.tile(row, 1)).toEqual(of));
    // Of a chain of latents p(x|z) depends on the last alone.
    if (["ladder-vae", "two-layer"].includes(name)) expect(other.tile(0, 2)).toEqual(own[0]);
    else expect(other.tile(0, 2)).not.toEqual(own[0]);
  });

  test("what is below the kept latents is sampled", async () => {
    const { tile } = await gridOf(name, config, { keep: "above" });
    expect(tile(1, 1)).not.toEqual(tile(1, names.length));
    expect(Array.from(tile(1, 1)).every(Number.isFinite)).toBe(true);
  });
});

test("of many latents, some are shown, the first and the last among them", async () => {
  const { columns } = await gridOf("vdvae", { latents: [3, 4], patch: 4, width: 4 }, { keep: "above", columns: 3 });
  expect(columns.map(({ to }) => to)).toEqual(["z1", "z4", "z7"]);
});
