import type { Split } from "../../data/split.ts";
import type { SplitCodes, TrainedModel } from "../../evaluation/trained-model.ts";

/**
 * The codes of examples, each of which depends on its example alone: a model of binary data is given intensities, the means of their
 * binarizations, so that equal examples have equal codes, those that `TrainedModel.encode` gives.
 */
export const exampleCodes = (
  trained: TrainedModel,
  split: Split,
  { seed = 0 }: { readonly seed?: number } = {},
): Promise<SplitCodes> => trained.codes(split, { binarize: "none", seed });
