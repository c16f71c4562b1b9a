/** How programs take batches: examples as `x`, and a field `class` as `field.class`. */
import type { BatchArrays } from "../data/batches.ts";
import { Input } from "../graph/tensor.ts";
import type { FieldSpec, Objective } from "../models/model.ts";
import type { HostArray } from "../runtime/host-array.ts";
import type { Program } from "../runtime/program.ts";

/** The input of a field: a class is int64 [batch], numbers are float32 [batch, ...shape]. */
const fieldInput = (field: FieldSpec, batch: number): Input =>
  field.kind === "class"
    ? new Input(fieldInputName(field.name), [batch], "int64")
    : new Input(fieldInputName(field.name), [batch, ...field.shape]);

/** What programs call the input of a field. */
export const fieldInputName = (field: string): string => `field.${field}`;

/** The inputs of fields, by field. */
export const fieldInputs = (fields: readonly FieldSpec[], batch: number): Readonly<Record<string, Input>> =>
  Object.fromEntries(fields.map((field) => [field.name, fieldInput(field, batch)]));

/** Arrays of fields as a program's inputs. */
export const fieldArrays = (fields: BatchArrays["fields"]): Readonly<Record<string, HostArray>> =>
  Object.fromEntries(Object.entries(fields).map(([field, values]) => [fieldInputName(field), values]));

/** A batch's arrays as a program's inputs. */
export const batchInputs = ({ x, fields }: BatchArrays): Readonly<Record<string, HostArray>> => ({
  x,
  ...fieldArrays(fields),
});

/** The part of each input that is the given one of `n` batches; what is the same for all stays as it is. */
export function ofBatch(
  program: Program,
  inputs: Readonly<Record<string, HostArray>>,
  batch: number,
  n: number,
): Record<string, HostArray> {
  const parts = Object.entries(inputs).map(([name, given]): [string, HostArray] => {
    const size = program.inputs.get(name)?.size ?? 0;
    return [name, given.length === n * size ? given.subarray(batch * size, (batch + 1) * size) : given];
  });
  return Object.fromEntries(parts);
}

type Repeat = NonNullable<Objective["repeat"]>;
/** An objective that does not repeat. */
export const once: Repeat = { times: 1, batches: "same" };
/** Which of a step's batches the k-th run of an objective takes, from 0. */
export const batchOf: Readonly<Record<Repeat["batches"], (k: number) => number>> = {
  same: () => 0,
  fresh: (k) => k,
  separate: (k) => k + 1,
};
