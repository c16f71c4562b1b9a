import { ShapeError } from "../../errors.ts";
import { sizeOf } from "../../graph/shape.ts";
import { constant, type Tensor } from "../../graph/tensor.ts";
import type { Context } from "../../nn/context.ts";
import { oneHot } from "../../ops/indexing.ts";
import { concat, flatten, reshape } from "../../ops/movement.ts";
import type { FieldSpec } from "../model.ts";

const widthOf = (field: FieldSpec): number => (field.kind === "class" ? field.classes.length : sizeOf(field.shape));

/** The length of a condition's vector. */
export const conditionSize = (fields: readonly FieldSpec[]): number =>
  fields.reduce((size, field) => size + widthOf(field), 0);

/**
 * A condition as vectors [rows, conditionSize]: each class one-hot, numbers as they are. All 0 where nothing is given, and for a class
 * of -1. Where there are several codes of each example the condition's rows are repeated, the batch again and again.
 */
export function conditionVector(fields: readonly FieldSpec[], { condition }: Context, rows: number): Tensor {
  const parts = fields.map((field) => {
    const given = condition?.[field.name];
    const width = widthOf(field);
    if (!given) return constant(0).broadcastTo([rows, width]);
    const y = field.kind === "class" ? oneHot(given, width) : flatten(given);
    const batch = y.shape[0]!;
    if (rows % batch !== 0)
      throw new ShapeError(`condition: ${field.name} does not fit, got ${batch} rows for ${rows}, expected a divisor`);
    return reshape(y.broadcastTo([rows / batch, batch, width]), [rows, width]);
  });
  return parts.length === 1 ? parts[0]! : concat(parts, 1);
}
