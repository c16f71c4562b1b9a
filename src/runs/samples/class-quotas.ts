/**
 * Classes in a sequence of which every beginning has them as often as `counts` says, to within one or so: the j-th example of a class of fraction p
 * stands at place (j + 1/2) / p.
 */
export function classQuotas(counts: readonly number[]): () => number {
  const intervals = counts.map((count) => (count > 0 ? 1 / count : Infinity));
  const places = intervals.map((interval) => interval / 2);
  return () => {
    let next = 0;
    for (let i = 1; i < places.length; i++) if (places[i]! < places[next]!) next = i;
    places[next]! += intervals[next]!;
    return next;
  };
}
