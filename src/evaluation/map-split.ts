import { Batches } from "../data/batches.ts";
import type { Binarization } from "../data/binarize.ts";
import type { Split } from "../data/split.ts";
import { Input, type Tensor, type Variable } from "../graph/tensor.ts";
import type { Model } from "../models/model.ts";
import { Program } from "../runtime/program.ts";
import type { VariableStore } from "../runtime/variables.ts";

export interface OverSplitOptions {
  readonly model: Model;
  readonly store: VariableStore;
  readonly split: Split;
  readonly binarize: Binarization;
  /** Of the noise. */
  readonly seed?: number;
  /** Averaged weights to use in place of the last ones. */
  readonly readInstead?: ReadonlyMap<Variable, Variable>;
}

/** Examples a run of the graph. */
const batchSize = 250;

/**
 * Tensors of every example of a split, [examples, ...] each by name, computed a batch at a time so that the examples are never
 * in memory together. `build` says which, from the model (given the examples' labels, where it learns from labels) and a batch
 * x [batch, ...shape]; undefined where it returns undefined.
 */
export async function overSplit<T extends Readonly<Record<string, Tensor>>>(
  options: OverSplitOptions,
  build: (model: Model, x: Tensor) => T | undefined,
): Promise<{ readonly [Name in keyof T]: Float32Array } | undefined> {
  const { model, store, split, binarize, seed = 0, readInstead } = options;
  const examples = split.indices.length;
  const size = Math.min(batchSize, examples);
  const labelled = model.classes !== undefined && { classes: model.classes };
  const given = labelled && model.given ? model.given(new Input("label", [size], "int64")) : model;
  const built = build(given, new Input("x", [size, ...split.dataset.shape]));
  if (!built) return undefined;
  const outputs = new Map(Object.entries<Tensor>(built));
  const program = new Program(store, { name: "codes", outputs, ...(readInstead && { readInstead }) });
  const batches = new Batches(split, { batchSize: size, purpose: "evaluation", binarize, ...labelled });
  const x = new Float32Array(size * batches.exampleSize);
  const label = labelled && new BigInt64Array(size);
  const all = [...outputs].map(([name, t]) => ({ name, values: new Float32Array((examples * t.size) / size) }));
  try {
    for (const cursor of batches.epoch()) {
      const count = batches.fillExamples(x, cursor);
      if (label) batches.fillLabels(label, cursor);
      const inputs = { x, ...(label && { label }) };
      const found = await program.run({ inputs, outputs: [...outputs.keys()], seed, step: cursor.index });
      for (const { name, values } of all) {
        const width = values.length / examples;
        // What lies behind the examples of a short last batch is computed and dropped.
        values.set((found[name] as Float32Array).subarray(0, count * width), cursor.index * size * width);
      }
    }
  } finally {
    await program.release();
  }
  // The same names as `built` has.
  return Object.fromEntries(all.map(({ name, values }) => [name, values])) as { [Name in keyof T]: Float32Array };
}
