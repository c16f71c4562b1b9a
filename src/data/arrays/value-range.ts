import { DataError } from "../../errors.ts";

/**
 * Minimum and maximum of finite values; throws `DataError`, prefixed by `name`, for others, which it places in an example where those have `each`
 * values.
 */
export function finiteRange(
  name: string,
  values: ArrayLike<number>,
  each?: number,
): readonly [low: number, high: number] {
  let low = Infinity;
  let high = -Infinity;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    // The comparison is false for NaN too.
    if (!(Math.abs(value) < Infinity))
      throw new DataError(
        `${name}: a value is not finite, got ${value}${each === undefined ? "" : ` in example ${Math.floor(i / each)}`}, expected finite values`,
      );
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}

/** Largest magnitude of values that become float32 as they are: the difference of two is finite too. */
const LARGEST = 2 ** 127;

/** Throws `DataError` for values of a range that float32, in which models compute, does not have. */
export function checkFloat32(name: string, [low, high]: readonly [low: number, high: number]): void {
  const largest = Math.max(-low, high);
  if (largest > LARGEST)
    throw new DataError(
      `${name}: a value is too large for float32, got magnitude ${largest.toPrecision(3)}, expected at most ${LARGEST.toPrecision(3)}; scale the values`,
    );
}

/** Finite values as float32. Throws `DataError` for others, and for those beyond float32. */
export function float32Values(name: string, values: ArrayLike<number>): Float32Array {
  checkFloat32(name, finiteRange(name, values));
  return Float32Array.from(values);
}
