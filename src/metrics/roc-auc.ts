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

/**
 * The 95 % interval of an area under the ROC curve of so many positive and negative examples, cut to [0, 1]: 1.96 standard errors by
 * Hanley & McNeil 1982 (Radiology 143:29), eq. 1 with the Q1 and Q2 of exponential scores.
 *
 * @example
 * aucInterval(0.893, { positives: 51, negatives: 58 }).map((end) => end.toFixed(3)); // ["0.829", "0.957"]
 */
export function aucInterval(
  auc: number,
  { positives, negatives }: { readonly positives: number; readonly negatives: number },
): readonly [low: number, high: number] {
  const [q1, q2] = [auc / (2 - auc), (2 * auc * auc) / (1 + auc)];
  const variance =
    (auc * (1 - auc) + (positives - 1) * (q1 - auc * auc) + (negatives - 1) * (q2 - auc * auc)) /
    (positives * negatives);
  const reach = 1.96 * Math.sqrt(Math.max(0, variance));
  return [Math.max(0, auc - reach), Math.min(1, auc + reach)];
}
