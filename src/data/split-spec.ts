import { fieldSpec, fieldsOf } from "./fields.ts";
import { type DataSpec, kindOfShape } from "./spec.ts";
import type { Split } from "./split.ts";

/** What models are built for that train on a split. */
export function splitSpec({ dataset, indices }: Split): DataSpec {
  const { kind, shape, size, range, columns } = dataset;
  const fields = Object.entries(fieldsOf(dataset)).map(([name, field]) => fieldSpec(name, field));
  return {
    kind: kind ?? (columns ? "table" : kindOfShape(shape)),
    shape,
    size,
    examples: indices.length,
    range,
    ...(columns && { columns }),
    ...(fields.length > 0 && { fields }),
  };
}
