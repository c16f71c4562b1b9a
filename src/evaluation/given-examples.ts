import { checkedField, fieldArray, fillField } from "../data/fields.ts";
import type { Split } from "../data/split.ts";
import { DataError } from "../errors.ts";
import { conditionFields } from "./map-split.ts";
import type { TrainedModel } from "./trained-model.ts";

/**
 * The model for the examples of a split in file order: given their labels where it is conditional. Throws DataError where
 * they have none.
 */
export function forExamples(trained: TrainedModel, split: Split): TrainedModel {
  const { condition } = trained.model;
  const fields = conditionFields(trained, split);
  if (fields.length === 0) return trained;
  const { name } = split.dataset;
  if (condition?.required && !split.dataset.labels && fields.some(({ kind }) => kind === "class"))
    throw new DataError(`${name}: no labels, got none, expected one for each example; or use --label`);
  return trained.given(
    Object.fromEntries(
      fields.map((spec) => {
        const field = checkedField(split.dataset, split.indices, spec);
        const values = fieldArray(spec, split.indices.length);
        fillField(field, split.indices, values);
        return [spec.name, Array.from<bigint | number, number>(values, Number)];
      }),
    ),
  );
}

/** The model for the examples of a split: with the condition that it has been given, which holds for all of them, or else with their own. */
export const givenOrOwn = (trained: TrainedModel, split: Split): TrainedModel =>
  trained.isGiven ? trained : forExamples(trained, split);
