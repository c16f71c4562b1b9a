import type { Features } from "./features.ts";
import { squaredDistances } from "./squared-distances.ts";

/** The k nearest rows of b to each row of a, nearest first: [rows of a, k] each. */
export interface Neighbors {
  readonly squaredDistances: Float64Array;
  readonly indices: Uint32Array;
}

/**
 * k nearest neighbors of each row of a, [rows, dim], among the rows of b, by exhaustive comparison in float64; ties go to the first row.
 * Where b is the same array as a, a row is not its own neighbor. b must have at least k other rows.
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
