import { ConfigError } from "../../errors.ts";

/** Feature vectors [count, dim], row-major: an extractor's output, or the raw values of examples. */
export type Features = Float32Array | Float64Array;

/**
 * Number of vectors in `features`. Throws ConfigError, prefixed by `where`, for fewer than `least`, a value that is not finite, or vectors
 * that are all equal unless they may be, as those of a generator that has collapsed.
 */
export function countFeatures(
  where: string,
  features: Features,
  { dim, least, mayBeEqual = false }: { readonly dim: number; readonly least: number; readonly mayBeEqual?: boolean },
): number {
  const count = features.length / dim;
  if (!Number.isInteger(count))
    throw new ConfigError(
      `${where}: not whole vectors, got ${features.length} numbers, expected a multiple of ${dim} dimensions`,
    );
  if (count < least) throw new ConfigError(`${where}: too few examples, got ${count}, expected at least ${least}`);
  let same = true;
  for (let i = 0; i < features.length; i++) {
    const value = features[i]!;
    // The comparison is false for NaN too.
    if (!(Math.abs(value) < Infinity))
      throw new ConfigError(
        `${where}: a feature is not finite, got ${value} in example ${Math.floor(i / dim)}, expected numbers`,
      );
    same &&= value === features[i % dim];
  }
  if (same && !mayBeEqual && count > 1)
    throw new ConfigError(`${where}: all examples are the same, got ${count} equal ones, expected some that differ`);
  return count;
}
