import { constant, type Tensor } from "../src/graph/tensor.ts";
import type { Model } from "../src/models/model.ts";
import { type AncestralOptions, samplerOf } from "../src/models/sampler.ts";
import { type Context, evaluation } from "../src/nn/context.ts";

/** Examples of a model that samples ancestrally, [count, ...shape], as one graph. Throws where it has no sampler. */
export function samplesOf(
  model: Model,
  count: number,
  { temperature = 1, mean = false, temperatures }: Partial<AncestralOptions> = {},
  context: Context = evaluation,
): Tensor {
  const sampler = samplerOf(model);
  if (!sampler) throw new Error("samplesOf: the model does not sample, got none, expected a sampler");
  const options = { temperature: constant(temperature), temperatures, mean };
  return sampler.finish(sampler.start(count, options, context), options, context);
}
