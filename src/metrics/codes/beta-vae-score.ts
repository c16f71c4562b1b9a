import { stream } from "../../random/index.ts";
import { countCodes, type FactoredCodes, groupsOf, twoOf } from "./factored-codes.ts";
import { fitLinearClassifier } from "./linear-classifier.ts";

/**
 * beta-VAE score (Higgins et al. 2017, "beta-VAE", appendix A.4), from 0 to 1: the accuracy of a linear classifier that predicts which factor
 * pairs of distinct examples have in common, from the mean of |z - z'| over `batch` pairs. 1 where each factor has dimensions of its own; 1 / factors,
 * chance, for uninformative codes. Also 1 where a factor is distributed over several dimensions, or where all factors but one are encoded
 * (arXiv:1802.05983, section 4): the FactorVAE score is stricter.
 *
 * Sample sizes follow Locatello et al. 2019 (arXiv:1811.12359, appendix): 10,000 means for training, 5,000 for testing; pairs are sampled
 * from the given examples. Throws ConfigError for codes and factors that do not match, or too few examples per factor value.
 */
export function betaVAEScore(
  given: FactoredCodes,
  { seed = 0, batch = 64, training = 10_000, testing = 5_000 } = {},
): number {
  const { codes, latentDim, factors } = given;
  countCodes("beta-vae score", given);
  const groups = groupsOf("beta-vae score", given);
  const random = stream(seed, "beta-vae score");
  const features = new Float64Array(training * latentDim);
  const classes = new Uint32Array(training);
  const sampleDifference = (into: Float64Array): number => {
    const factor = random.int(factors.length);
    for (let pair = 0; pair < batch; pair++) {
      const group = groups[factor]![random.int(groups[factor]!.length)]!;
      const [first, second] = twoOf(group, random);
      const [a, b] = [first * latentDim, second * latentDim];
      for (let j = 0; j < latentDim; j++) into[j]! += Math.abs(codes[a + j]! - codes[b + j]!) / batch;
    }
    return factor;
  };
  for (let i = 0; i < training; i++)
    classes[i] = sampleDifference(features.subarray(i * latentDim, (i + 1) * latentDim));
  const classify = fitLinearClassifier(features, latentDim, classes);
  let correct = 0;
  for (let i = 0; i < testing; i++) {
    const mean = new Float64Array(latentDim);
    if (sampleDifference(mean) === classify(mean)) correct += 1;
  }
  return correct / testing;
}
