import { Input, type Tensor, type Variable } from "../../graph/tensor.ts";
import { topologicalOrder } from "../../graph/traverse.ts";
import { takeMean } from "../../models/latent.ts";
import type { Model } from "../../models/model.ts";
import { evaluation } from "../../nn/context.ts";
import { max } from "../../ops/reduction.ts";
import { Program } from "../../runtime/program.ts";
import type { VariableStore } from "../../runtime/variables.ts";

export interface DeadUnits {
  /** Rectified units that are 0 for every example, and anywhere in the image where they are channels. */
  readonly dead: number;
  readonly units: number;
  readonly examples: number;
}

/**
 * Counts the rectified units on the way from examples x, [count, ...shape], through the model. Undefined where a model neither
 * reconstructs nor encodes, or has no rectifier.
 */
export async function countDeadUnits(
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
    readonly emaWeights?: ReadonlyMap<Variable, Variable>;
  },
): Promise<DeadUnits | undefined> {
  const examples = x.length / shape.reduce((size, extent) => size * extent, 1);
  const input = new Input("x", [examples, ...shape]);
  const first = model.latents?.[0]?.name ?? "";
  const result = model.reconstruct?.(input, evaluation) ?? model.encode?.(input, evaluation, takeMean)[first]?.mean;
  if (!result) return undefined;
  const rectified = topologicalOrder([result]).filter((t) => t.op.name === "Relu" && t.rank >= 2);
  if (rectified.length === 0) return undefined;
  const outputs = new Map(rectified.map((t, i) => [`unit${i}`, highest(t)]));
  const program = new Program(store, { name: "dead units", outputs, ...(emaWeights && { emaWeights: emaWeights }) });
  try {
    const found = await program.run({ inputs: { x }, outputs: [...outputs.keys()] });
    const values = Object.values(found).flatMap((unit) => Array.from(unit, Number));
    return { dead: values.filter((v) => v === 0).length, units: values.length, examples };
  } finally {
    await program.release();
  }
}

/** The largest value of each unit of [batch, units, ...]. */
const highest = (t: Tensor): Tensor =>
  max(
    t,
    t.shape.flatMap((_, axis) => (axis === 1 ? [] : [axis])),
  );
