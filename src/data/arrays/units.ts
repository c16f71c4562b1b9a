import type { DataSpec, Standardization } from "../spec.ts";

/** How values of a dataset and the inputs of its models are turned into each other. */
export interface Units {
  readonly range: DataSpec["range"];
  readonly standardization?: Standardization | undefined;
}

/**
 * Model outputs [count, ...shape] in the units of the data: intensities from 0 to 1 in the range that they were stored in, standardized numbers
 * as they were. Rows of a table stay as they are: their columns turn them into text.
 *
 * @example
 * toDataUnits({ range: [0, 4095] }, Float32Array.of(0, 1)); // [0, 4095]
 * toDataUnits({ range: null, standardization: { mean: [100, 5], std: [10, 2] } }, Float32Array.of(1, -1)); // [110, 3]
 */
export function toDataUnits({ range, standardization }: Units, values: Float32Array): Float32Array {
  if (standardization) {
    const { mean, std } = standardization;
    return values.map((value, i) => value * std[i % std.length]! + mean[i % mean.length]!);
  }
  if (range === null || (range[0] === 0 && range[1] === 1)) return values;
  const [low, high] = range;
  return values.map((value) => low + value * (high - low));
}

/** The inverse: values in the units of the data as inputs of models. */
export function toModelUnits({ range, standardization }: Units, values: ArrayLike<number>): Float32Array {
  if (standardization) {
    const { mean, std } = standardization;
    return Float32Array.from(values, (value, i) => (value - mean[i % mean.length]!) / std[i % std.length]!);
  }
  const [low, high] = range ?? [0, 1];
  return Float32Array.from(values, (value) => (value - low) / (high - low));
}
