import type { Stream } from "../random/index.ts";

/** Highest harmonic of a walk: low, so that it moves smoothly. */
const harmonics = 3;

/**
 * A random closed walk of `frames` codes in a standard normal space, [frames, dim]; the last step leads back to the first:
 *
 *   u(t) = 1/sqrt(M) sum_m a_m cos(2 pi m t) + b_m sin(2 pi m t),   a_m, b_m ~ N(0, I),  m = 1 ... M = 3
 *
 * This is a stationary Gaussian process: each u(t) is distributed as N(0, I), near the shell of radius sqrt(dim), and unlike a random walk of
 * independent steps it neither jumps nor drifts.
 *
 * @example
 * const codes = closedWalk(10, 50, stream(0, "walk")); // [50, 10]
 */
export function closedWalk(dim: number, frames: number, stream: Stream): Float32Array {
  const waves = Array.from({ length: 2 * harmonics }, () => Float64Array.from({ length: dim }, () => stream.normal()));
  const walk = new Float32Array(frames * dim);
  for (let frame = 0; frame < frames; frame++)
    waves.forEach((wave, w) => {
      const angle = (2 * Math.PI * (1 + Math.floor(w / 2)) * frame) / frames;
      const weight = (w % 2 === 0 ? Math.cos(angle) : Math.sin(angle)) / Math.sqrt(harmonics);
      for (let i = 0; i < dim; i++) walk[frame * dim + i]! += weight * wave[i]!;
    });
  return walk;
}

/**
 * A closed walk of `frames` codes through the given codes [stops, dim] in turn: [frames, dim]. Straight segments, slowing down near each stop.
 */
export function walkBetween(codes: Float32Array, dim: number, frames: number): Float32Array {
  const stops = codes.length / dim;
  const walk = new Float32Array(frames * dim);
  for (let frame = 0; frame < frames; frame++) {
    const place = (frame * stops) / frames;
    const from = Math.floor(place);
    const to = (from + 1) % stops;
    const done = (1 - Math.cos(Math.PI * (place - from))) / 2;
    for (let i = 0; i < dim; i++)
      walk[frame * dim + i] = (1 - done) * codes[from * dim + i]! + done * codes[to * dim + i]!;
  }
  return walk;
}
