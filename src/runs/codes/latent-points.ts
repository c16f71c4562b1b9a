import { firstExamples } from "../../data/first-examples.ts";
import type { Split } from "../../data/split.ts";
import { givenOrOwn } from "../../evaluation/given-examples.ts";
import type { TrainedModel } from "../../evaluation/trained-model.ts";

/** Points of a latent space, and the examples that they stand for. */
export interface LatentPoints {
  readonly trained: TrainedModel;
  /** [count, latentDim]. */
  readonly codes: Float32Array;
  /** [count, ...shape]. */
  readonly examples: Float32Array;
  /** The model with the conditions of the points at these places, a row each. */
  readonly given: (places: readonly number[]) => TrainedModel;
}

/** The examples of a split at the means of q(z|x). */
export async function encodedPoints(trained: TrainedModel, split: Split): Promise<LatentPoints> {
  const given = (places: readonly number[]): TrainedModel =>
    givenOrOwn(trained, { ...split, indices: Uint32Array.from(places, (place) => split.indices[place]!) });
  const examples = firstExamples(split, split.indices.length);
  const codes = await givenOrOwn(trained, split).encode(examples);
  return { trained, codes, examples, given };
}

/** Codes, [count, latentDim], and what they decode to: for a model that does not encode, samples of its prior. */
export async function decodedPoints(trained: TrainedModel, codes: Float32Array): Promise<LatentPoints> {
  return { trained, codes, examples: await trained.decode(codes), given: () => trained };
}
