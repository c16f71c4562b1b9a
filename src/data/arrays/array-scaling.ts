import { DataError } from "../../errors.ts";
import type { Dataset } from "../dataset.ts";
import type { ArrayScaling } from "../options.ts";
import type { Standardization } from "../spec.ts";
import { checkFloat32, finiteRange, float32Values } from "./value-range.ts";
import type { NamedArray } from "./named-array.ts";

/** Beyond this magnitude, a variance is not finite in float64. */
const largest = 1e150;

/**
 * How the values of arrays become model inputs. Values that all lie in [0, 1] are intensities already, and bytes have the range [0, 255]; the
 * values of other images are scaled by their minimum and maximum, and other vectors standardized by column. Throws DataError where all values
 * are equal.
 */
export function arrayScaling(arrays: readonly NamedArray[], shape: readonly number[]): ArrayScaling {
  const ranges = arrays.map(({ name, shape: [size = 1], values }) => finiteRange(name, values, values.length / size));
  const low = Math.min(...ranges.map((range) => range[0]));
  const high = Math.max(...ranges.map((range) => range[1]));
  if (low === high)
    throw new DataError(`${arrays[0]!.name}: all values are equal, got ${low}, expected values that differ`);
  if (low >= 0 && high <= 1) return { range: [0, 1] };
  if (arrays.every(({ values }) => values instanceof Uint8Array)) return { range: [0, 255] };
  if (shape.length > 1) {
    checkFloat32(arrays[0]!.name, [low, high]);
    return { range: [low, high] };
  }
  const most = Math.max(-low, high);
  if (most > largest)
    throw new DataError(
      `${arrays[0]!.name}: a value is too large to standardize, got ${most.toPrecision(3)}, expected magnitudes up to ${largest}`,
    );
  return { range: null, standardization: standardizationOf(arrays, shape[0]!) };
}

/** Mean and standard deviation of each column over all arrays (Welford); a column that does not vary keeps its scale. */
function standardizationOf(arrays: readonly NamedArray[], columns: number): Standardization {
  const mean = new Float64Array(columns);
  const squares = new Float64Array(columns);
  let count = 0;
  for (const { values } of arrays)
    for (let row = 0; row < values.length; row += columns) {
      count += 1;
      for (let column = 0; column < columns; column++) {
        const value = values[row + column]!;
        const before = value - mean[column]!;
        mean[column]! += before / count;
        squares[column]! += before * (value - mean[column]!);
      }
    }
  const std = Array.from(squares, (sum) => Math.sqrt(sum / count));
  return { mean: [...mean], std: std.map((each, i) => (each > 1e-12 * Math.abs(mean[i]!) ? each : 1)) };
}

/** Throws DataError where an array of intensities is not in the units of the range that a run was trained on. */
export function checkUnits({ name, shape, values }: NamedArray, range: Dataset["range"]): void {
  if (range === null) return;
  const [low, high] = finiteRange(name, values, values.length / (shape[0] ?? 1));
  if (values instanceof Uint8Array || range[1] < 255 || high > 1 || high <= 0 || low < 0) return;
  throw new DataError(
    `${name}: values are not in the units the run was trained on, got real numbers from ${low} to ${high}, expected ${range[0]} to ${range[1]}; multiply them by ${range[1]}`,
  );
}

/** Values as float32 in the form that a dataset stores: standardized, or as they are for a range. */
export function scaledValues(
  { name, values }: Pick<NamedArray, "name" | "values">,
  { standardization }: ArrayScaling,
): Uint8Array | Float32Array {
  if (!standardization) return values instanceof Float64Array ? float32Values(name, values) : values;
  const { mean, std } = standardization;
  const scaled = Float32Array.from(values, (value, i) => (value - mean[i % mean.length]!) / std[i % mean.length]!);
  // What is not finite before is a gap.
  const lost = scaled.findIndex((value, i) => !Number.isFinite(value) && Number.isFinite(values[i]));
  if (lost !== -1)
    throw new DataError(
      `${name}: a value is too far from those the run was trained on, got ${values[lost]} in example ${Math.floor(lost / mean.length)}, expected one that float32 holds once it is standardized`,
    );
  return scaled;
}

/** How values become model inputs, in words. */
export function scalingText({ range, standardization }: ArrayScaling): string {
  if (standardization) return "real numbers, standardized by column";
  return range === null ? "real numbers as they are" : `intensities from ${range[0]} to ${range[1]}`;
}
