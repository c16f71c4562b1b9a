import { stream } from "../../random/index.ts";
import { activeThreshold, activity } from "./active-units.ts";
import { countCodes, type FactoredCodes, groupsOf, oneOf } from "./factored-codes.ts";

/**
 * FactorVAE score (Kim & Mnih 2018, arXiv:1802.05983, section 4), from 0 to 1. For each vote a factor k is chosen and a batch sampled in
 * which it is fixed; the dimension d with the smallest variance in the batch, relative to its variance over all examples, votes for k. The
 * score is the accuracy of the majority-vote classifier d -> k on further votes: 1 where each factor has dimensions of its own, the frequency
 * of the most common factor for uninformative codes.
 *
 * Sample sizes follow Locatello et al. 2019 (arXiv:1811.12359, appendix): 10,000 votes for training, 5,000 for testing, each of 64 examples
 * sampled from the given ones. Dimensions with a variance of at most `activeThreshold` do not vote; the score is 0 if none is left. Throws
 * ConfigError for codes and factors that do not match, or too few examples per factor value.
 */
export function factorVAEScore(
  given: FactoredCodes,
  { seed = 0, batch = 64, training = 10_000, testing = 5_000 } = {},
): number {
  const { codes, latentDim, factors } = given;
  countCodes("factor-vae score", given);
  const groups = groupsOf("factor-vae score", given);
  const variances = activity(codes, latentDim);
  const active = Array.from(variances.keys()).filter((j) => variances[j]! > activeThreshold);
  if (active.length === 0) return 0;
  const random = stream(seed, "factor-vae score");

  const chosen = new Uint32Array(batch);
  const vote = (): { readonly factor: number; readonly dimension: number } => {
    const factor = random.int(factors.length);
    const group = groups[factor]![random.int(groups[factor]!.length)]!;
    for (let i = 0; i < batch; i++) chosen[i] = oneOf(group, random);
    let [dimension, least] = [-1, Infinity];
    for (const j of active) {
      let [sum, squares] = [0, 0];
      const center = codes[chosen[0]! * latentDim + j]!;
      for (const example of chosen) {
        const z = codes[example * latentDim + j]! - center;
        sum += z;
        squares += z * z;
      }
      const normalized = (squares - (sum * sum) / batch) / variances[j]!;
      if (normalized < least) [dimension, least] = [j, normalized];
    }
    return { factor, dimension };
  };

  const votes = Array.from({ length: latentDim }, () => new Uint32Array(factors.length));
  for (let i = 0; i < training; i++) {
    const { factor, dimension } = vote();
    votes[dimension]![factor]! += 1;
  }
  const majority = votes.map((of) => of.indexOf(Math.max(...of)));
  let correct = 0;
  for (let i = 0; i < testing; i++) {
    const { factor, dimension } = vote();
    if (majority[dimension] === factor) correct += 1;
  }
  return correct / testing;
}
