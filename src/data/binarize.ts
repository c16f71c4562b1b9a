import { ConfigError } from "../errors.ts";
import { streamKey, type StreamKey } from "../random/index.ts";

/**
 * Binarization of intensities in [0, 1].
 *
 * - `none`: intensities are kept.
 * - `dynamic`: x ~ Bernoulli(intensity), resampled in every epoch.
 * - `fixed`: x ~ Bernoulli(intensity), sampled once per example, the same in every epoch, run and batch.
 * - `threshold`: x = 1 where the intensity is at least 1/2.
 */
export const BINARIZATIONS = ["none", "dynamic", "fixed", "threshold"] as const;
export type Binarization = (typeof BINARIZATIONS)[number];

/** Validates a binarization name from outside; throws `ConfigError`. */
export function parseBinarization(name: string): Binarization {
  const known = BINARIZATIONS.find((binarization) => binarization === name);
  if (!known)
    throw new ConfigError(`binarize: unknown binarization, got "${name}", expected ${BINARIZATIONS.join(", ")}`);
  return known;
}

/** Key of the one sample that `fixed` binarization and every evaluation share, so that metrics are comparable. */
export const FIXED_BINARIZATION: StreamKey = streamKey(0, "binarize", "fixed");

/** Key of one epoch's sample under `dynamic` binarization. */
export function dynamicBinarization(seed: number, epoch: number): StreamKey {
  return streamKey(seed, "binarize", "dynamic", epoch);
}
