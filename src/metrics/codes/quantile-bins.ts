/**
 * The bin of each of `count` values read by `at`, by rank: at most `bins` of about as many values each, equal values in the same one, and
 * a bin for each value where there are no more than `bins` of them.
 */
export function quantileBins(count: number, at: (i: number) => number, bins: number): Uint8Array {
  const sorted = Float64Array.from({ length: count }, (_, i) => at(i)).toSorted();
  let distinct = sorted.filter((v, i) => i === 0 || v !== sorted[i - 1]);
  if (distinct.length > bins) {
    const edges = Float64Array.from({ length: bins }, (_, b) => sorted[Math.floor((b * count) / bins)]!);
    distinct = edges.filter((v, i) => i === 0 || v !== edges[i - 1]);
  }
  return Uint8Array.from({ length: count }, (_, i) => {
    // The last edge that is not above the value.
    let [low, high] = [0, distinct.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (distinct[middle]! <= at(i)) low = middle;
      else high = middle - 1;
    }
    return low;
  });
}
