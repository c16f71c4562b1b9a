import type { FieldSpec } from "../data/spec.ts";
import type { Tensor } from "../graph/tensor.ts";
import type { Condition } from "../nn/context.ts";

/** The field of an image that is the same image at a lower resolution. */
export const LOW_RESOLUTION = "lowResolution";

/** What a model can be conditioned on. */
export interface Conditioning {
  readonly fields: readonly FieldSpec[];
  /** Whether it models p(x | condition) only. */
  readonly required: boolean;
  /** Fields that may be left out where it is `required`; none when missing. */
  readonly optional?: readonly string[];
  /** Fields that follow from the example, such as a smaller image of it: by name, from x [batch, ...shape]. Data do not have them. */
  readonly ofExample?: Readonly<Record<string, (x: Tensor) => Tensor>>;
  /** The field that samples start from, in place of noise: an example of other data, in the shape of x. */
  readonly start?: string;
}

/** A model, or a density of codes, as far as it is conditioned. */
export interface Conditioned {
  readonly condition?: Conditioning | undefined;
}

/** The fields that the model cannot do without. */
export const requiredFields = ({ condition }: Conditioned): readonly FieldSpec[] =>
  condition?.required ? condition.fields.filter(({ name }) => condition.optional?.includes(name) !== true) : [];

/** The fields that are read from data. */
export const dataFields = ({ condition }: Conditioned): readonly FieldSpec[] =>
  (condition?.fields ?? []).filter(({ name }) => condition?.ofExample?.[name] === undefined);

/** The condition of examples x: fields of the data, and those that follow from x. */
export const conditionOf = ({ condition }: Conditioned, fields: Condition, x: Tensor): Condition => ({
  ...fields,
  ...Object.fromEntries(Object.entries(condition?.ofExample ?? {}).map(([name, of]) => [name, of(x)])),
});
