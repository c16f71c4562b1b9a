import type { Features } from "./features.ts";
import { squaredDistances } from "./squared-distances.ts";

/** The k nearest rows of another set to each row of one, nearest first: [rows, k] each. */
export interface Neighbors {
  readonly squaredDistances: Float64Array;
  readonly indices: Uint32Array;
}

/**
 * The `k` nearest rows of b, [., dim], to each row of a, by comparison with all of them in float64; of rows equally near, the first.
 * Where b is a, the same array, no row is its own neighbor. b has at least k rows besides.
 */
export function nearestNeighbors(a: Features, b: Features, dim: number, k: number): Neighbors {
  const nearest = new Float64Array((a.length / dim) * k).fill(Infinity);
  const indices = new Uint32Array(nearest.length);
  const same = a === b;
  squaredDistances(a, b, dim, (row, from, distances) => {
    const first = row * k;
    const last = first + k - 1;
    let farthest = nearest[last]!;
    for (let j = 0; j < distances.length; j++) {
      const distance = distances[j]!;
      if (distance >= farthest || (same && from + j === row)) continue;
      let at = last;
      for (; at > first && nearest[at - 1]! > distance; at--) {
        nearest[at] = nearest[at - 1]!;
        indices[at] = indices[at - 1]!;
      }
      nearest[at] = distance;
      indices[at] = from + j;
      farthest = nearest[last]!;
    }
  });
  return { squaredDistances: nearest, indices };
}
