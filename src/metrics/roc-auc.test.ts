import { describe, expect, test } from "vitest";
import { aucInterval, rocAuc } from "./roc-auc.ts";

const is = (...ones: readonly number[]): boolean[] => ones.map((one) => one === 1);

describe("the area under the ROC curve", () => {
  test("is the fraction of ordered pairs: 1 where all are, 0 where none is", () => {
    expect(rocAuc([1, 2, 3, 4], is(0, 0, 1, 1))).toBe(1);
    expect(rocAuc([1, 2, 3, 4], is(1, 1, 0, 0))).toBe(0);
    expect(rocAuc([-Infinity, 2, 1, Infinity], is(0, 0, 1, 1))).toBe(0.75);
  });

  test("counts a tie as half", () => {
    expect(rocAuc([7, 7, 7, 7, 7], is(1, 0, 1, 0, 0))).toBe(0.5);
    expect(rocAuc([1, 2, 2], is(0, 0, 1))).toBe(0.75);
  });

  // sklearn.metrics.roc_auc_score, scikit-learn 1.7.
  test("is scikit-learn's", () => {
    expect(rocAuc([0.1, 0.4, 0.35, 0.8], is(0, 0, 1, 1))).toBe(0.75);
    expect(rocAuc([1, 2, 2, 2, 3, 3, 0, 1], is(0, 1, 1, 0, 1, 0, 0, 1))).toBe(0.625);
    const positive = Array.from({ length: 200 }, (_, i) => (i * i) % 7 < 3);
    const scores = (of: number, over: number) => positive.map((_, i) => ((i * 37) % of) / over);
    expect(rocAuc(scores(101, 101), positive)).toBeCloseTo(0.45724450987608883, 14);
    expect(rocAuc(scores(11, 1), positive)).toBeCloseTo(0.4784075573549258, 14);
  });

  test("does not change under a rising function of the scores", () => {
    const positive = is(0, 1, 0, 1, 1, 0);
    const scores = [0.3, 0.2, 0.1, 0.9, 0.4, 0.5];
    expect(rocAuc(scores.map(Math.exp), positive)).toBe(rocAuc(scores, positive));
  });

  test("refuses a single class and scores that are not numbers", () => {
    expect(() => rocAuc([1, 2], is(1, 1))).toThrow("roc auc: a class is missing, got 2 positive and 0 negative");
    expect(() => rocAuc([1, NaN], is(1, 0))).toThrow("roc auc: a score is not a number, got NaN for example 1");
  });
});

describe("its interval", () => {
  // Hanley & McNeil 1982, p. 32: 58 normal and 51 abnormal images, an area of 0.893, Q1 0.80668 and Q2 0.84253: standard error 0.0325.
  test("is that of the paper's example", () => {
    const [low, high] = aucInterval(0.893, { positives: 51, negatives: 58 });
    expect((high - low) / (2 * 1.96)).toBeCloseTo(0.0325, 4);
    expect((low + high) / 2).toBeCloseTo(0.893, 9);
  });

  test("has the deviation of a uniform rank at 0.5, and none at 1", () => {
    // Of the Mann-Whitney statistic of equal distributions: (m + n + 1) / (12 m n).
    const [low, high] = aucInterval(0.5, { positives: 300, negatives: 200 });
    expect(((high - low) / (2 * 1.96)) ** 2).toBeCloseTo(501 / (12 * 300 * 200), 9);
    expect(aucInterval(1, { positives: 9, negatives: 9 })).toEqual([1, 1]);
    expect(aucInterval(0.98, { positives: 5, negatives: 5 })[1]).toBe(1);
  });
});
