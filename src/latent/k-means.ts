import type { Stream } from "../random/index.ts";

const rounds = 30;

/**
 * k-means cluster index of each code [count, dim]. Initialization is greedy k-means++: each center is the best of 2 + log(clusters) codes sampled
 * with probability proportional to their squared distance from the nearest center so far (Arthur & Vassilvitskii, "k-means++: the advantages of
 * careful seeding", SODA 2007, and its section 6), followed by at most 30 iterations of Lloyd's algorithm. Clusters can end up empty where codes
 * coincide.
 */
export function kMeans(codes: Float64Array, dim: number, clusters: number, stream: Stream): Uint32Array {
  const count = codes.length / dim;
  const trials = 2 + Math.floor(Math.log(clusters));
  const centers = new Float64Array(clusters * dim);
  const nearest = new Uint32Array(count);
  let toNearest = new Float64Array(count).fill(Infinity);
  for (let k = 0; k < clusters; k++) {
    let best = { picked: 0, sum: Infinity, distances: toNearest };
    for (let trial = 0; trial < (k === 0 ? 1 : trials); trial++) {
      const picked = k === 0 ? stream.int(count) : sampleIndex(toNearest, stream);
      const distances = toNearest.map((least, n) => Math.min(least, distance(codes, n, codes, picked, dim)));
      const sum = distances.reduce((a, b) => a + b, 0);
      if (sum < best.sum) best = { picked, sum, distances };
    }
    centers.set(codes.subarray(best.picked * dim, (best.picked + 1) * dim), k * dim);
    best.distances.forEach((d, n) => {
      if (d < toNearest[n]!) nearest[n] = k;
    });
    toNearest = best.distances;
  }
  for (let round = 0; round < rounds; round++) {
    moveToMeans(centers, codes, nearest, dim);
    let moved = false;
    for (let n = 0; n < count; n++) {
      let best = nearest[n]!;
      let least = distance(codes, n, centers, best, dim);
      for (let k = 0; k < clusters; k++) {
        const d = distance(codes, n, centers, k, dim);
        if (d < least) [best, least, moved] = [k, d, true];
      }
      nearest[n] = best;
    }
    if (!moved) break;
  }
  return nearest;
}

/** An index sampled with probability proportional to its weight; the last where all weights are 0. */
function sampleIndex(weights: Float64Array, stream: Stream): number {
  let rest = stream.uniform() * weights.reduce((sum, weight) => sum + weight, 0);
  for (let n = 0; n < weights.length; n++) {
    rest -= weights[n]!;
    if (rest < 0) return n;
  }
  return weights.length - 1;
}

function distance(codes: Float64Array, n: number, centers: Float64Array, k: number, dim: number): number {
  let sum = 0;
  for (let i = 0; i < dim; i++) {
    const offset = codes[n * dim + i]! - centers[k * dim + i]!;
    sum += offset * offset;
  }
  return sum;
}

/** Moves each center to the mean of its codes; a center without codes stays. */
function moveToMeans(centers: Float64Array, codes: Float64Array, nearest: Uint32Array, dim: number): void {
  const counts = new Float64Array(centers.length / dim);
  const sums = new Float64Array(centers.length);
  nearest.forEach((k, n) => {
    counts[k]! += 1;
    for (let i = 0; i < dim; i++) sums[k * dim + i]! += codes[n * dim + i]!;
  });
  sums.forEach((sum, i) => {
    const members = counts[Math.floor(i / dim)]!;
    if (members > 0) centers[i] = sum / members;
  });
}
