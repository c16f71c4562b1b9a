import type { Variable } from "../../graph/tensor.ts";
import type { Model } from "../../models/model.ts";
import { evaluation } from "../../nn/context.ts";
import { mean } from "../../ops/reduction.ts";
import { examine, type Examined, examinedInput } from "./examined.ts";

/** A validation metric of the EMA weights, and of the weights that they average. */
export interface AverageLag {
  readonly metric: string;
  readonly averaged: number;
  readonly last: number;
}

/** By the first validation metric of examples x, [count, ...shape], with the same noise for both. Undefined where there is none, or no EMA. */
export async function averageLag(model: Model, examined: Required<Examined>): Promise<AverageLag | undefined> {
  const { emaWeights } = examined;
  if (!model.validation || emaWeights.size === 0) return undefined;
  const [first] = Object.entries(model.validation(examinedInput(examined), evaluation));
  if (!first) return undefined;
  const [metric, values] = first;
  const outputs = new Map([[metric, mean(values)]]);
  const valueOf = async (weights: ReadonlyMap<Variable, Variable>): Promise<number> =>
    Number((await examine(outputs, { ...examined, emaWeights: weights }))[metric]![0]);
  return { metric, averaged: await valueOf(emaWeights), last: await valueOf(new Map()) };
}
