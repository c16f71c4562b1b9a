/** What is known of each example beside its values. */
import { DataError } from "../errors.ts";
import type { Dataset, Field } from "./dataset.ts";
import type { FieldSpec } from "./spec.ts";

/** Every field of a dataset by name: its labels are the field `class`. */
export const fieldsOf = ({
  labels,
  classNames,
  fields,
}: Pick<Dataset, "labels" | "classNames" | "fields">): Readonly<Record<string, Field>> => ({
  ...(labels && classNames && { class: { kind: "class", values: labels, classes: classNames } }),
  ...fields,
});

/** The specification of a field, for models. */
export const fieldSpec = (name: string, field: Field): FieldSpec =>
  field.kind === "class"
    ? { name, kind: "class", classes: field.classes }
    : {
        name,
        kind: "numbers",
        shape: field.shape,
        ...(field.symbols !== undefined && { symbols: field.symbols }),
      };

export type FieldArray = BigInt64Array | Float32Array;

/** An array for a field of `rows` examples. */
export const fieldArray = (spec: FieldSpec, rows: number): FieldArray =>
  spec.kind === "class" ? new BigInt64Array(rows) : new Float32Array(rows * sizeOf(spec.shape));

/** Throws DataError where the dataset lacks a field that a model was built for, or has another one of its name. */
export function checkedField(dataset: Dataset, indices: Uint32Array, spec: FieldSpec): Field {
  const { name } = dataset;
  const field = fieldsOf(dataset)[spec.name];
  if (!field)
    throw new DataError(
      spec.kind === "class" && spec.name === "class"
        ? `${name}: no labels, got none, expected a labeled dataset of ${spec.classes.length} classes`
        : `${name}: field ${spec.name} is missing, got ${Object.keys(fieldsOf(dataset)).join(", ") || "none"}, expected ${describe(spec)}`,
    );
  if (spec.kind === "class" && field.kind === "class") {
    const most = spec.classes.length;
    const wrong = indices.find((i) => field.values[i]! >= most);
    if (wrong !== undefined)
      throw new DataError(
        `${name}: a label is not one of the model's classes, got ${field.values[wrong]} for example ${wrong}, expected 0 to ${most - 1}`,
      );
    return field;
  }
  if (
    spec.kind === "numbers" &&
    field.kind === "numbers" &&
    field.shape.join() === spec.shape.join() &&
    field.symbols === spec.symbols
  ) {
    const wrong = field.values.find((value) => !Number.isFinite(value));
    if (wrong === undefined) return field;
    throw new DataError(`${name}: a value of field ${spec.name} is not finite, got ${wrong}, expected numbers`);
  }
  throw new DataError(
    `${name}: field ${spec.name} does not fit the model, got ${describe(fieldSpec(spec.name, field))}, expected ${describe(spec)}`,
  );
}

const describe = (spec: FieldSpec): string =>
  spec.kind === "class"
    ? `${spec.classes.length} classes`
    : `${spec.symbols === undefined ? "numbers" : `symbols below ${spec.symbols}`} of shape [${spec.shape.join(", ")}]`;

const sizeOf = (shape: readonly number[]): number => shape.reduce((size, extent) => size * extent, 1);

/** Writes the field's values of examples to `out`, the first at row `from`; `known` says which classes are, the others become -1. */
export function fillField(
  field: Field,
  examples: Uint32Array,
  out: FieldArray,
  { from = 0, known = () => true }: { readonly from?: number; readonly known?: (row: number) => boolean } = {},
): void {
  if (field.kind === "class") {
    const classes = out as BigInt64Array;
    examples.forEach((example, row) => (classes[from + row] = known(row) ? BigInt(field.values[example]!) : -1n));
    return;
  }
  const numbers = out as Float32Array;
  const size = sizeOf(field.shape);
  examples.forEach((example, row) =>
    numbers.set(field.values.subarray(example * size, (example + 1) * size), (from + row) * size),
  );
}
