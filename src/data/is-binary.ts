import { drawnExamples } from "./examples/drawn-examples.ts";
import { firstExamples } from "./first-examples.ts";
import type { DataSpec } from "./spec.ts";
import { splitSpec } from "./split-spec.ts";
import type { Split } from "./split.ts";

/** Examples that are looked at. */
const DRAWN = 200;
/** Distance from 0 and 1 within which an intensity is about one of them, and the fraction of others that drawings have at most. */
const NEAR = 0.1;
const MOST_BETWEEN = 0.2;

/**
 * Whether the intensities of a split, from 0 to 1, are nearly all 0 or 1: MNIST has 9 % in between, the garments of Fashion-MNIST 39 %,
 * photographs most.
 */
export function isBinary(split: Split): boolean {
  const x = firstExamples(drawnExamples(split, DRAWN), DRAWN);
  const between = x.reduce((count, v) => count + Number(v > NEAR && v < 1 - NEAR), 0);
  return between <= MOST_BETWEEN * x.length;
}

/** What presets are chosen by: the spec of a split, and whether its intensities, if it has any, are binary. */
export function seenSpec(split: Split): DataSpec {
  const spec = splitSpec(split);
  return spec.range ? { ...spec, binary: isBinary(split) } : spec;
}
