import { ConfigError } from "../../errors.ts";

/**
 * The class of each cluster: that of the example it is most certain of, argmax_n q(y_i|x_n) (Makhzani et al. 2015, arXiv:1511.05644, section 6).
 * `scores` are log q(y|x), [examples, clusters]. Throws ConfigError where there are not as many labels as examples, or none.
 *
 * @example
 * clusterLabels([-0.1, -2.3, -0.2, -1.7, -3, -0.05], [4, 4, 7], 2); // [4, 7]
 */
export function clusterLabels(
  scores: ArrayLike<number>,
  labels: ArrayLike<number>,
  clusters: number,
): readonly number[] {
  const examples = scores.length / clusters;
  if (labels.length === 0 || labels.length !== examples)
    throw new ConfigError(
      `cluster labels: labels do not fit, got ${labels.length} for ${examples} examples, expected one each, and some`,
    );
  return Array.from({ length: clusters }, (_, cluster) => {
    let best = 0;
    for (let n = 1; n < examples; n++)
      if (scores[n * clusters + cluster]! > scores[best * clusters + cluster]!) best = n;
    return labels[best]!;
  });
}

/** The most probable class of each example, of scores [examples, classes]. */
export function likeliestClasses(scores: ArrayLike<number>, classes: number): Uint32Array {
  const found = new Uint32Array(scores.length / classes);
  for (let n = 0; n < found.length; n++)
    for (let k = 1; k < classes; k++) if (scores[n * classes + k]! > scores[n * classes + found[n]!]!) found[n] = k;
  return found;
}
