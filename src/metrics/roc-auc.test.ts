import { describe, expect, test } from "vitest";
import { rocAuc } from "./roc-auc.ts";

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
