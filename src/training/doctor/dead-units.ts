import type { Tensor } from "../../graph/tensor.ts";
import { topologicalOrder } from "../../graph/traverse.ts";
import { takeMean } from "../../models/latent.ts";
import type { Model } from "../../models/model.ts";
import { evaluation } from "../../nn/context.ts";
import { max } from "../../ops/reduction.ts";
import { examine, type Examined, examinedInput } from "./examined.ts";

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
export async function countDeadUnits(model: Model, examined: Examined): Promise<DeadUnits | undefined> {
  const input = examinedInput(examined);
  const first = model.latents?.[0]?.name ?? "";
  const result = model.reconstruct?.(input, evaluation) ?? model.encode?.(input, evaluation, takeMean)[first]?.mean;
  if (!result) return undefined;
  const rectified = topologicalOrder([result]).filter((t) => t.op.name === "Relu" && t.rank >= 2);
  if (rectified.length === 0) return undefined;
  const outputs = new Map(rectified.map((t, i) => [`unit${i}`, highest(t)]));
  const values = Object.values(await examine(outputs, examined)).flatMap((unit) => Array.from(unit, Number));
  return { dead: values.filter((v) => v === 0).length, units: values.length, examples: input.shape[0]! };
}

/** The largest value of each unit of [batch, units, ...]. */
const highest = (t: Tensor): Tensor =>
  max(
    t,
    t.shape.flatMap((_, axis) => (axis === 1 ? [] : [axis])),
  );
