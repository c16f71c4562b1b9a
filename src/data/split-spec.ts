import { fieldSpec, fieldsOf } from "./fields.ts";
import type { Field } from "./dataset.ts";
import { type DataSpec, type FieldSpec, kindOfShape } from "./spec.ts";
import type { Split } from "./split.ts";

/** What models are built for that train on a split. */
export function splitSpec({ dataset, indices }: Split): DataSpec {
  const { kind, shape, size, range, symbols, standardization, columns } = dataset;
  const fields = Object.entries(fieldsOf(dataset)).map(([name, field]): FieldSpec =>
    field.kind === "class"
      ? { name, kind: "class", classes: field.classes, counts: classCounts(field, indices) }
      : fieldSpec(name, field),
  );
  return {
    kind: kind ?? (columns ? "table" : kindOfShape(shape)),
    shape,
    size,
    examples: indices.length,
    range,
    ...(symbols !== undefined && { symbols }),
    ...(standardization && { standardization }),
    ...(columns && { columns }),
    ...(fields.length > 0 && { fields }),
  };
}

function classCounts({ values, classes }: Extract<Field, { kind: "class" }>, indices: Uint32Array): readonly number[] {
  const counts = classes.map(() => 0);
  for (const example of indices) counts[values[example]!]! += 1;
  return counts;
}
