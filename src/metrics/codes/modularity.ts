/** Mutual information in nats up to which a dimension counts as uninformative. */
const rounding = 1e-9;

/**
 * Modularity (Ridgeway & Mozer 2018, arXiv:1802.05312, section 3), from 0 to 1: whether each dimension is informative about a single factor,
 *
 *   mean_j 1 - sum_(k != best) I(z_j; v_k)^2 / (I(z_j; v_best)^2 (factors - 1))
 *
 * over informative dimensions: 1 where each is informative about one factor only, 0 where each is equally informative about all, or none is
 * informative. `information` is I(z_j; v_k) in nats, [factors][dimensions], from `mutualInformationGap`. Few examples bias I upwards and blur it.
 */
export function modularity(information: readonly (readonly number[])[]): number {
  const others = information.length - 1;
  const dimensions = information[0]!.map((_, j) => information.map((of) => of[j]! ** 2));
  const informative = dimensions.filter((squares) => Math.max(...squares) > rounding ** 2);
  if (informative.length === 0) return 0;
  const scores = informative.map((squares) => {
    const best = Math.max(...squares);
    // A single factor: there is no other to be informative about.
    if (others === 0) return 1;
    return 1 - (squares.reduce((a, b) => a + b) - best) / (best * others);
  });
  return scores.reduce((a, b) => a + b) / scores.length;
}
