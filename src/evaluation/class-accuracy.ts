import type { ClassIndices } from "../data/dataset.ts";
import { UnsupportedOpError } from "../errors.ts";
import type { ConditionValues } from "./condition.ts";
import { givesMeans } from "./samples/shown-samples.ts";
import type { TrainedModel } from "./trained-model.ts";

/** The accuracy of a classifier on samples of each class. */
export interface ClassAccuracy {
  /** The fraction of all samples, and of those of each class. */
  readonly accuracy: number;
  readonly byClass: readonly number[];
}

/**
 * Takes `perClass` samples of each class from a class-conditional model, and classifies them by a classifier of real
 * examples. Throws UnsupportedOpError where the model takes no label.
 */
export async function classAccuracy(
  trained: TrainedModel,
  classifier: { classify(x: Float32Array): Promise<ClassIndices> },
  {
    perClass = 1000,
    seed = 0,
    sampler = {},
    sample = (condition, options) => trained.given(condition).sample(perClass, { ...sampler, ...options }),
  }: {
    readonly perClass?: number;
    readonly seed?: number;
    /** Options of the model's sampler. */
    readonly sampler?: Readonly<Record<string, unknown>>;
    /** In place of the model's own samples: of a model of codes, what they are decoded to. */
    readonly sample?: (
      condition: ConditionValues,
      options: { readonly seed: number; readonly mean?: true },
    ) => Promise<Float32Array>;
  } = {},
): Promise<ClassAccuracy> {
  const byClass: number[] = [];
  const field = trained.model.condition?.fields.find(({ kind }) => kind === "class");
  if (field?.kind !== "class")
    throw new UnsupportedOpError(
      "class accuracy: the model takes no class, got an unconditional one, expected a class-conditional model",
    );
  const classes = field.classes.length;
  for (let label = 0; label < classes; label++) {
    // A seed's samples do not depend on the label, so each class gets codes of its own.
    const samples = await sample(
      { [field.name]: [label] },
      { seed: seed * classes + label, ...(givesMeans(trained.model) && { mean: true }) },
    );
    const found = await classifier.classify(samples);
    byClass.push(Array.from(found).filter((c) => c === label).length / perClass);
  }
  return { accuracy: byClass.reduce((a, b) => a + b, 0) / byClass.length, byClass };
}
