import { checkedField, fieldArray, fillField } from "../data/fields.ts";
import { firstExamples } from "../data/first-examples.ts";
import type { Split } from "../data/split.ts";
import { DataError } from "../errors.ts";
import { evaluate } from "../graph/evaluate.ts";
import { type Shape, sizeOf } from "../graph/shape.ts";
import { Input } from "../graph/tensor.ts";
import { value } from "../graph/value.ts";
import type { Conditioned } from "../models/conditioning.ts";
import type { Model } from "../models/model.ts";
import type { ConditionValues } from "./condition.ts";
import { conditionFields } from "./map-split.ts";
import type { TrainedModel } from "./trained-model.ts";

/**
 * The model for the examples of a split in file order: given their labels where it is conditional, and what follows from them. Throws DataError where
 * they have none.
 */
export function forExamples(trained: TrainedModel, split: Split): TrainedModel {
  const labels = labelsOf(trained.model, split);
  if (!labels && !trained.model.condition?.ofExample) return trained;
  return trained.given({ ...labels, ...fieldsOfExamples(trained, split) });
}

/** The fields of the examples of a split in file order that something is conditioned on, or may be; undefined where there are none. Throws DataError where it needs classes and they have none. */
export function labelsOf(conditioned: Conditioned, split: Split): ConditionValues | undefined {
  const { condition } = conditioned;
  const fields = conditionFields({ model: conditioned }, split);
  if (fields.length === 0) return undefined;
  const { name } = split.dataset;
  if (condition?.required && !split.dataset.labels && fields.some(({ kind }) => kind === "class"))
    throw new DataError(`${name}: no labels, got none, expected one for each example; or use --label`);
  return Object.fromEntries(
    fields.map((spec) => {
      const field = checkedField(split.dataset, split.indices, spec);
      const values = fieldArray(spec, split.indices.length);
      fillField(field, split.indices, values);
      return [spec.name, Array.from<bigint | number, number>(values, Number)];
    }),
  );
}

/** Examples whose fields are computed at a time. */
const piece = 250;

/** The fields that follow from the examples of a split themselves. */
function fieldsOfExamples({ model, shape }: TrainedModel, split: Split): ConditionValues {
  const parts: ConditionValues[] = [];
  if (!model.condition?.ofExample) return {};
  for (let first = 0; first < split.indices.length; first += piece) {
    const indices = split.indices.subarray(first, first + piece);
    parts.push(exampleFields(model, shape, firstExamples({ ...split, indices }, piece)));
  }
  const [names = {}] = parts;
  return Object.fromEntries(
    Object.keys(names).map((name) => {
      const length = names[name]!.length;
      const values = new Float32Array(parts.reduce((total, part) => total + part[name]!.length, 0));
      parts.forEach((part, i) => values.set(part[name]!, i * length));
      return [name, values];
    }),
  );
}

/** The fields of a model that follow from examples x, [count, ...shape]: see Conditioning. */
export function exampleFields(model: Model, shape: Shape, x: Float32Array): Readonly<Record<string, Float32Array>> {
  const input = new Input("x", [x.length / sizeOf(shape), ...shape]);
  const given = new Map([[input, value("float32", input.shape, x)]]);
  return Object.fromEntries(
    Object.entries(model.condition?.ofExample ?? {}).map(([name, of]) => {
      const [found] = evaluate([of(input)], given);
      return [name, Float32Array.from(found!.data)];
    }),
  );
}

/** The model for the examples of a split: with the condition that it has been given, which holds for all of them, or else with their own. */
export const givenOrOwn = (trained: TrainedModel, split: Split): TrainedModel =>
  trained.isGiven ? trained : forExamples(trained, split);
