/** Linear interpolation: (1 - t) a + t b, t in [0, 1]. */
export const linear = (a: Float32Array, b: Float32Array, t: number): Float32Array =>
  a.map((value, i) => (1 - t) * value + t * b[i]!);

/** Angle in radians from 0 or pi below which sin(angle) is too small to divide by. */
const nearlyInLine = 1e-4;

/**
 * Spherical linear interpolation from a to b, t in [0, 1] (Shoemake, "Animating rotation with quaternion curves", SIGGRAPH 1985; for latent
 * spaces White 2016, arXiv:1609.04468):
 *
 *   sin((1 - t) angle) / sin(angle) a + sin(t angle) / sin(angle) b,   angle the one between a and b
 *
 * Gaussian samples lie near a sphere, and a straight line between two of them passes well inside it. Falls back to linear interpolation where a
 * and b are collinear with the origin and the great circle is not unique.
 *
 * @example
 * const [a, b] = [Float32Array.of(1, 0), Float32Array.of(0, 1)];
 * spherical(a, b, 0.5)[0]!.toFixed(3); // "0.707"
 * linear(a, b, 0.5); // [0.5, 0.5]
 */
export function spherical(a: Float32Array, b: Float32Array, t: number): Float32Array {
  const cosine = dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
  // NaN for a code of 0, and where rounding takes the cosine beyond 1.
  const angle = Math.acos(cosine);
  if (!(angle > nearlyInLine && angle < Math.PI - nearlyInLine)) return linear(a, b, t);
  const [fromA, fromB] = [Math.sin((1 - t) * angle) / Math.sin(angle), Math.sin(t * angle) / Math.sin(angle)];
  return a.map((value, i) => fromA * value + fromB * b[i]!);
}

const dot = (a: Float32Array, b: Float32Array): number => a.reduce((sum, value, i) => sum + value * b[i]!, 0);

/** `steps` codes from a to b, both included: [steps, dim]. */
export function pathBetween(
  a: Float32Array,
  b: Float32Array,
  steps: number,
  between: (a: Float32Array, b: Float32Array, t: number) => Float32Array,
): Float32Array {
  const path = new Float32Array(steps * a.length);
  for (let i = 0; i < steps; i++) path.set(between(a, b, i / (steps - 1)), i * a.length);
  return path;
}
