/** Nats that a dimension which knows nothing can seem to know. */
const rounding = 1e-9;

/**
 * Modularity (Ridgeway & Mozer 2018, arXiv:1802.05312, section 3): whether each dimension knows of one factor alone,
 *
 *   mean_j 1 - sum_(k != best) I(z_j; v_k)^2 / (I(z_j; v_best)^2 (factors - 1))
 *
 * over dimensions that know anything: 1 where each knows of one factor, 0 where each knows as much of all, or none knows anything.
 * information: I(z_j; v_k), [factors][dimensions], as of `mutualInformationGap`. Estimates from few examples, biased upwards, blur it.
 */
export function modularity(information: readonly (readonly number[])[]): number {
  const others = information.length - 1;
  const dimensions = information[0]!.map((_, j) => information.map((of) => of[j]! ** 2));
  const knowing = dimensions.filter((squares) => Math.max(...squares) > rounding ** 2);
  if (knowing.length === 0) return 0;
  const shares = knowing.map((squares) => {
    const best = Math.max(...squares);
    return 1 - (squares.reduce((a, b) => a + b) - best) / (best * others);
  });
  return shares.reduce((a, b) => a + b) / shares.length;
}
