import { type Shape, sizeOf } from "../../graph/shape.ts";

/** Rows `first` and on of values [count, ...shape], the first after the last. */
export function cyclicRows(
  values: Float32Array,
  { first, rows, shape }: { readonly first: number; readonly rows: number; readonly shape: Shape },
): Float32Array {
  const from = first * sizeOf(shape);
  return Float32Array.from({ length: rows * sizeOf(shape) }, (_, i) => values[(from + i) % values.length]!);
}
