/**
 * Total variation distance of two empirical distributions, 1/2 sum_k |p_k - q_k|: from 0 for equal frequencies to 1 for disjoint support. Text
 * is compared by value. Numbers are compared in `bins` quantile bins of the first sample, where a value that fills several bins has a bin of
 * its own; this is a lower bound on the distance between the densities.
 */
export function totalVariation(
  real: readonly string[],
  samples: readonly string[],
  { numbers = false, bins = 20 }: { readonly numbers?: boolean; readonly bins?: number } = {},
): number {
  if (!numbers) return frequencyDistance(real, samples);
  const keyOf = binOf(real.map(Number), bins);
  return frequencyDistance(real.map(keyOf), samples.map(keyOf));
}

/** 1/2 sum_k |p_k - q_k| of the frequencies p and q of values in two lists. */
export function frequencyDistance<T>(p: ArrayLike<T>, q: ArrayLike<T>): number {
  const gap = new Map<T, number>();
  for (let i = 0; i < p.length; i++) gap.set(p[i]!, (gap.get(p[i]!) ?? 0) + 1 / p.length);
  for (let i = 0; i < q.length; i++) gap.set(q[i]!, (gap.get(q[i]!) ?? 0) - 1 / q.length);
  return [...gap.values()].reduce((sum, difference) => sum + Math.abs(difference), 0) / 2;
}

function binOf(values: readonly number[], bins: number): (text: string) => number {
  const sorted = Float64Array.from(values).toSorted();
  const edges = [
    ...new Set(Array.from({ length: bins + 1 }, (_, i) => sorted[Math.round((i * (sorted.length - 1)) / bins)]!)),
  ];
  const frequent = new Set(edges.filter((edge) => count(sorted, edge) > sorted.length / bins));
  return (text) => {
    const value = Number(text);
    const place = edges.filter((edge) => edge <= value).length;
    // Even indices are bins between edges, odd ones bins of a single value.
    return frequent.has(value) ? 2 * place - 1 : 2 * place;
  };
}

const count = (sorted: Float64Array, value: number): number =>
  sorted.includes(value) ? sorted.lastIndexOf(value) - sorted.indexOf(value) + 1 : 0;
