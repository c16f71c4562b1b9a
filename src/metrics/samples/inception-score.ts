import { ConfigError } from "../../errors.ts";

/**
 * Inception score exp(E_x KL(p(y|x) || p(y))) of class probabilities [count, classes] (Salimans et al. 2016, arXiv:1606.03498), higher is
 * better: from 1, where the predictions do not depend on x, to `classes`, where they are certain and all classes are equally frequent.
 * Throws ConfigError where a row does not sum to 1.
 *
 * @example
 * inceptionScore(Float32Array.of(1, 0, 0, 1), 2).toFixed(2); // "2.00"
 */
export function inceptionScore(probabilities: Float32Array | Float64Array, classes: number): number {
  const count = probabilities.length / classes;
  if (!Number.isInteger(count) || count < 1)
    throw new ConfigError(
      `inception score: not whole rows, got ${probabilities.length} numbers, expected rows of ${classes}`,
    );
  const marginal = new Float64Array(classes);
  // E KL(p(y|x) || p(y)) = H(p(y)) - E H(p(y|x))
  let negEntropy = 0;
  for (let row = 0; row < count; row++) {
    let sum = 0;
    for (let k = 0; k < classes; k++) {
      const p = probabilities[row * classes + k]!;
      sum += p;
      marginal[k]! += p / count;
      if (p > 0) negEntropy += (p * Math.log(p)) / count;
    }
    // The comparison is false for NaN too.
    if (!(Math.abs(sum - 1) < 1e-3))
      throw new ConfigError(
        `inception score: probabilities do not add up, got ${sum} in example ${row}, expected 1 from a classifier`,
      );
  }
  return Math.exp(marginal.reduce((sum, p) => (p > 0 ? sum - p * Math.log(p) : sum), negEntropy));
}
