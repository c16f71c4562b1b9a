import { Input, type Variable } from "../../graph/tensor.ts";
import type { Model } from "../../models/model.ts";
import { evaluation } from "../../nn/context.ts";
import { mean } from "../../ops/reduction.ts";
import { Program } from "../../runtime/program.ts";
import type { VariableStore } from "../../runtime/variables.ts";

/** A validation metric of the EMA weights, and of the weights that they average. */
export interface AverageLag {
  readonly metric: string;
  readonly averaged: number;
  readonly last: number;
}

/** By the first validation metric of examples x, [count, ...shape], with the same noise for both. Undefined where there is none, or no EMA. */
export async function averageLag(
  model: Model,
  {
    store,
    x,
    shape,
    emaWeights,
  }: {
    readonly store: VariableStore;
    readonly x: Float32Array;
    readonly shape: readonly number[];
    readonly emaWeights: ReadonlyMap<Variable, Variable>;
  },
): Promise<AverageLag | undefined> {
  if (!model.validation || emaWeights.size === 0) return undefined;
  const examples = x.length / shape.reduce((size, extent) => size * extent, 1);
  const [first] = Object.entries(model.validation(new Input("x", [examples, ...shape]), evaluation));
  if (!first) return undefined;
  const [metric, values] = first;
  const outputs = new Map([[metric, mean(values)]]);
  const valueOf = async (weights: ReadonlyMap<Variable, Variable>): Promise<number> => {
    const program = new Program(store, { name: "average", outputs, emaWeights: weights });
    try {
      return Number((await program.run({ inputs: { x }, outputs: [metric] }))[metric]![0]);
    } finally {
      await program.release();
    }
  };
  return { metric, averaged: await valueOf(emaWeights), last: await valueOf(new Map()) };
}
