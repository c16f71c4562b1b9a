import { type DType, type Shape, sizeOf } from "./shape.ts";

/**
 * A concrete tensor of the float64 reference: row-major, every dtype held in float64
 * (int64 exactly up to 2^53, bool as 0 or 1).
 */
export interface Value {
  readonly dtype: DType;
  readonly shape: Shape;
  readonly data: Float64Array;
}

/**
 * A value of given numbers, copied unless they are in float64 already. Throws RangeError where their count is not the shape's.
 *
 * @example
 * value("float32", [2], [1, 2]).data; // [1, 2]
 */
export function value(dtype: DType, shape: Shape, data: ArrayLike<number> | Float64Array): Value {
  const held = data instanceof Float64Array ? data : Float64Array.from(data);
  if (held.length !== sizeOf(shape)) throw new RangeError(`value: ${held.length} numbers for shape [${shape}]`);
  return { dtype, shape, data: held };
}

/** A value of zeros. */
export const zeros = (dtype: DType, shape: Shape): Value => ({ dtype, shape, data: new Float64Array(sizeOf(shape)) });

/** For each output element, in order, the flat index of the source element it reads when `from` broadcasts to `to`. */
export function broadcastIndices(from: Shape, to: Shape): Int32Array {
  const out = new Int32Array(sizeOf(to));
  const extra = to.length - from.length;
  const strides = Array.from<number>({ length: to.length });
  for (let i = to.length - 1, step = 1; i >= 0; i--) {
    const d = i < extra ? 1 : from[i - extra]!;
    strides[i] = d === 1 ? 0 : step;
    step *= d;
  }
  const index = Array.from<number>({ length: to.length }).fill(0);
  for (let flat = 0, at = 0; flat < out.length; flat++) {
    out[flat] = at;
    for (let i = to.length - 1; i >= 0; i--) {
      index[i]!++;
      at += strides[i]!;
      if (index[i]! < to[i]!) break;
      at -= strides[i]! * to[i]!;
      index[i] = 0;
    }
  }
  return out;
}
