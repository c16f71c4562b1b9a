import { ShapeError } from "../errors.ts";

export type DType = "float32" | "float64" | "int64" | "bool";
export type Shape = readonly number[];
export interface TensorType {
  readonly dtype: DType;
  readonly shape: Shape;
}

/** Whether numbers of this type have fractions and gradients. */
export const isFloat = (dtype: DType): boolean => dtype === "float32" || dtype === "float64";

/** Number of elements of a shape; 1 for a scalar. */
export function sizeOf(shape: Shape): number {
  let size = 1;
  for (const d of shape) size *= d;
  return size;
}

/** Whether two shapes agree in every dimension. */
export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((d, i) => d === b[i]);
}

/** A type as messages write it: `float32[2,3]`. */
export const formatType = (t: TensorType): string => `${t.dtype}[${t.shape.join(",")}]`;

/** Row-major strides, in elements. */
export function stridesOf(shape: Shape): number[] {
  const strides = Array.from<number>({ length: shape.length });
  for (let i = shape.length - 1, step = 1; i >= 0; i--) {
    strides[i] = step;
    step *= shape[i]!;
  }
  return strides;
}

/** NumPy broadcasting of two shapes. Throws ShapeError naming the operation and the axis. */
export function broadcastShapes(where: string, a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const m = a[i - rank + a.length] ?? 1;
    const n = b[i - rank + b.length] ?? 1;
    if (m !== n && m !== 1 && n !== 1)
      throw new ShapeError(
        `${where}: shapes do not broadcast, got [${a}] and [${b}], expected equal sizes or 1 at axis ${i}`,
      );
    return m === 1 ? n : m;
  });
}

/** A valid, non-negative axis for a rank. Negative axes count from the end. */
export function normalizeAxis(where: string, axis: number, rank: number): number {
  const normalized = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(axis) || normalized < 0 || normalized >= rank)
    throw new ShapeError(`${where}: no such axis, got ${axis}, expected ${-rank} to ${rank - 1}`);
  return normalized;
}

/** Distinct, ascending, non-negative axes; all axes by default. */
export function normalizeAxes(where: string, axes: readonly number[] | number | undefined, rank: number): number[] {
  if (axes === undefined) return Array.from({ length: rank }, (_, i) => i);
  const list = typeof axes === "number" ? [axes] : axes;
  const normalized = list.map((a) => normalizeAxis(where, a, rank));
  if (new Set(normalized).size !== normalized.length)
    throw new ShapeError(`${where}: an axis is named twice, got [${list}]`);
  return normalized.toSorted((a, b) => a - b);
}

/** Throws ShapeError, naming the operation, unless every dimension is a positive integer. */
export function checkShape(where: string, shape: Shape): void {
  for (const d of shape)
    if (!Number.isInteger(d) || d < 1)
      throw new ShapeError(`${where}: every dimension is a positive integer, got [${shape}]`);
}

/** Size of an element in memory. */
export const bytesPerElement: Readonly<Record<DType, number>> = { float32: 4, float64: 8, int64: 8, bool: 1 };
