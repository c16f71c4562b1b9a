import type { TrainedModel } from "./trained-model.ts";

/** How often samples of a class look like one to a classifier. */
export interface ClassAccuracy {
  /** The share of all samples, and of those of each class. */
  readonly accuracy: number;
  readonly byClass: readonly number[];
}

/**
 * Draws `perClass` samples of each class from a model that learns from labels, and asks a classifier of real examples what they
 * are. Throws UnsupportedOpError where the model takes no label.
 */
export async function classAccuracy(
  trained: TrainedModel,
  classifier: { classify(x: Float32Array): Promise<Uint8Array> },
  { perClass = 1000, seed = 0 }: { readonly perClass?: number; readonly seed?: number } = {},
): Promise<ClassAccuracy> {
  const byClass: number[] = [];
  const { classes = 1 } = trained.model;
  for (let label = 0; label < classes; label++) {
    // Codes of their own for each class: a seed's draws do not depend on the label.
    const samples = await trained.given([label]).sample(perClass, { seed: seed * classes + label });
    const found = await classifier.classify(samples);
    byClass.push(found.filter((c) => c === label).length / perClass);
  }
  return { accuracy: byClass.reduce((a, b) => a + b, 0) / byClass.length, byClass };
}
