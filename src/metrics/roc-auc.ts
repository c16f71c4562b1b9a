import { ConfigError } from "../errors.ts";

/**
 * Area under the ROC curve: the probability that a positive example scores above a negative one, ties counting half
 * (Mann & Whitney 1947; Hanley & McNeil 1982). 0.5 is chance, 1 perfect separation, below 0.5 the reverse order. `scores` and `positive` have
 * one entry per example. Throws ConfigError where there are no positive or no negative examples, or a score is NaN.
 *
 * @example
 * rocAuc([0.1, 0.4, 0.35, 0.8], [false, false, true, true]); // 0.75
 */
export function rocAuc(scores: ArrayLike<number>, positive: readonly boolean[]): number {
  const positives = positive.reduce((n, is) => n + Number(is), 0);
  const negatives = positive.length - positives;
  if (scores.length !== positive.length || positives === 0 || negatives === 0)
    throw new ConfigError(
      `roc auc: a class is missing, got ${positives} positive and ${negatives} negative of ${scores.length} examples, expected some of each`,
    );
  const values = Float64Array.from(scores);
  const bad = values.findIndex(Number.isNaN);
  if (bad >= 0) throw new ConfigError(`roc auc: a score is not a number, got NaN for example ${bad}, expected numbers`);
  const order = Uint32Array.from(values.keys()).toSorted(
    (a, b) => Number(values[a]! > values[b]!) - Number(values[a]! < values[b]!),
  );
  let rankSum = 0;
  for (let from = 0, to = 0; from < order.length; from = to) {
    let tied = 0;
    for (; to < order.length && values[order[to]!] === values[order[from]!]; to++) tied += Number(positive[order[to]!]);
    // Tied scores take the mean of their ranks, from + 1 to `to`.
    rankSum += tied * ((from + 1 + to) / 2);
  }
  return (rankSum - (positives * (positives + 1)) / 2) / positives / negatives;
}
