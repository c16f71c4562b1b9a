import { ConfigError } from "../../errors.ts";

/** Mode coverage of points sampled from a mixture of well-separated Gaussians with equal std. */
export interface ModeCoverage {
  /** Fraction of points within 3 std of the nearest mode; 1 - exp(-9/2) = 0.989 for the mixture itself in the plane. */
  readonly highQuality: number;
  /** Modes that are the nearest mode of at least one high-quality point. */
  readonly covered: number;
  readonly modes: number;
}

/**
 * Mode coverage and fraction of high-quality points [count, 2] (Srivastava et al. 2017, arXiv:1705.07761, section 4). `modes` are the means
 * of the mixture, `std` its standard deviation, in units of the points. Throws ConfigError where a point is not finite.
 *
 * @example
 * const modes = [[-1, 0], [1, 0]] as const;
 * modeCoverage(Float32Array.of(1, 0.05, 5, 5), { modes, std: 0.1 }); // { highQuality: 0.5, covered: 1, modes: 2 }
 */
export function modeCoverage(
  points: Float32Array | Float64Array,
  { modes, std }: { readonly modes: readonly (readonly [x: number, y: number])[]; readonly std: number },
): ModeCoverage {
  const count = points.length / 2;
  const covered = new Set<number>();
  let highQuality = 0;
  for (let i = 0; i < count; i++) {
    const [x, y] = [points[2 * i]!, points[2 * i + 1]!];
    if (!Number.isFinite(x) || !Number.isFinite(y))
      throw new ConfigError(`mode coverage: a point is not finite, got (${x}, ${y}) at ${i}, expected numbers`);
    const distances = modes.map(([a, b]) => Math.hypot(x - a, y - b));
    const nearest = Math.min(...distances);
    if (nearest > 3 * std) continue;
    highQuality += 1 / count;
    covered.add(distances.indexOf(nearest));
  }
  return { highQuality, covered: covered.size, modes: modes.length };
}
