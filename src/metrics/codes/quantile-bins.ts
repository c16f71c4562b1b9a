/**
 * Quantile binning of the `count` values `at(i)`: the bin index of each value, [count], in at most `bins` bins of about equal counts. Equal
 * values fall into one bin; with at most `bins` distinct values, each has a bin of its own. With `first`, the bins are those of the first
 * values alone.
 */
export function quantileBins(count: number, at: (i: number) => number, bins: number, first = count): Uint8Array {
  const sorted = Float64Array.from({ length: first }, (_, i) => at(i)).toSorted();
  let distinct = sorted.filter((v, i) => i === 0 || v !== sorted[i - 1]);
  if (distinct.length > bins) {
    const edges = Float64Array.from({ length: bins }, (_, b) => sorted[Math.floor((b * first) / bins)]!);
    distinct = edges.filter((v, i) => i === 0 || v !== edges[i - 1]);
  }
  return Uint8Array.from({ length: count }, (_, i) => {
    // The last edge at or below the value.
    let [low, high] = [0, distinct.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (distinct[middle]! <= at(i)) low = middle;
      else high = middle - 1;
    }
    return low;
  });
}
