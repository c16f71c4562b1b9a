import { z } from "zod";
import { ConfigError } from "../../errors.ts";
import type { DataSpec, FieldSpec } from "../model.ts";

/** Names of fields to condition on, as a setting. */
export const fieldNames = z.array(z.string().min(1).max(200)).min(1).max(64);

/** The fields of these names. Throws ConfigError where the data lack one. */
export function fieldsOf({ fields = [] }: DataSpec, names: readonly string[]): readonly FieldSpec[] {
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new ConfigError(`fields: one is given twice, got ${twice}, expected each once`);
  return names.map((name) => {
    const field = fields.find((one) => one.name === name);
    if (field) return field;
    const known = fields.map((one) => one.name).join(", ");
    throw new ConfigError(
      name === "class"
        ? "model: it is conditioned on labels, got data without, expected labeled data, such as digits, or a table with --condition COLUMN, or a folder of images for each class"
        : `fields: the data have none of this name, got ${name}, expected ${known === "" ? "data with fields" : `one of ${known}`}`,
    );
  });
}
