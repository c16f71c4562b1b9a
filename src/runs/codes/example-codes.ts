import { firstExamples } from "../../data/first-examples.ts";
import type { Split } from "../../data/split.ts";
import { givenOrOwn } from "../../evaluation/given-examples.ts";
import type { SplitCodes, TrainedModel } from "../../evaluation/trained-model.ts";

/** Examples of a bijection in memory at a time. */
const piece = 1024;

/**
 * The codes of examples, each of which depends on its example alone: a model of binary data is given intensities, the means of their
 * binarizations, so that equal examples have equal codes, those that `TrainedModel.encode` gives.
 */
export async function exampleCodes(
  trained: TrainedModel,
  split: Split,
  { seed = 0 }: { readonly seed?: number } = {},
): Promise<SplitCodes> {
  if (!trained.model.bijection) return trained.codes(split, { binarize: "none", seed });
  const { dataset, indices } = split;
  const means = new Float32Array(indices.length * trained.latentDim);
  for (let first = 0; first < indices.length; first += piece) {
    const part = { dataset, indices: indices.subarray(first, first + piece) };
    means.set(await givenOrOwn(trained, part).encode(firstExamples(part, piece)), first * trained.latentDim);
  }
  // A code is a function of its example, with nothing to sample.
  return { means, samples: means };
}
