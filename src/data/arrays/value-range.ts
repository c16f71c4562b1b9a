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
