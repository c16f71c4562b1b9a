import { ConfigError } from "../errors.ts";
import { streamKey, type StreamKey } from "../random/index.ts";

/**
 * How intensities in [0, 1] become 0 or 1.
 *
 * - `none`: they stay as they are.
 * - `dynamic`: x ~ Bernoulli(intensity), drawn anew in every epoch.
 * - `fixed`: x ~ Bernoulli(intensity), drawn once for each example and the same in every epoch, run and batch.
 * - `threshold`: x = 1 where the intensity is at least 1/2.
 */
export const BINARIZATIONS = ["none", "dynamic", "fixed", "threshold"] as const;
export type Binarization = (typeof BINARIZATIONS)[number];

/** Checks a name that came from outside; throws `ConfigError`. */
export function parseBinarization(name: string): Binarization {
  const known = BINARIZATIONS.find((binarization) => binarization === name);
  if (!known)
    throw new ConfigError(`binarize: unknown binarization, got "${name}", expected ${BINARIZATIONS.join(", ")}`);
  return known;
}

/** The stream of the one draw that `fixed` binarization and every evaluation share, so that their figures can be compared. */
export const FIXED_DRAW: StreamKey = streamKey(0, "binarize", "fixed");

/** The stream of one epoch's draw under `dynamic` binarization. */
export function dynamicDraw(seed: number, epoch: number): StreamKey {
  return streamKey(seed, "binarize", "dynamic", epoch);
}
