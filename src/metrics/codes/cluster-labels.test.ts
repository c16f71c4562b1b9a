import { expect, test } from "vitest";
import { clusterLabels, likeliestClasses } from "./cluster-labels.ts";

const scores = [0.6, 0.3, 0.1, 0.5, 0.2, 0.3, 0.1, 0.8, 0.1, 0.3, 0.3, 0.4].map(Math.log);

test("a cluster has the class of the example it is most certain of, which may be in another cluster", () => {
  // Of the third cluster the last example, though no example is surely in it.
  expect(clusterLabels(scores, [5, 2, 7, 2], 3)).toEqual([5, 7, 2]);
});

test("two clusters may have one class, and a class none", () => {
  expect(clusterLabels(scores, [1, 1, 1, 0], 3)).toEqual([1, 1, 0]);
});

test("an example is in its most probable cluster", () => {
  expect([...likeliestClasses(scores, 3)]).toEqual([0, 0, 1, 2]);
});

test("as many labels as examples are needed", () => {
  expect(() => clusterLabels(scores, [1, 2], 3)).toThrow(
    "cluster labels: labels do not fit, got 2 for 4 examples, expected one each, and some",
  );
  expect(() => clusterLabels([], [], 3)).toThrow("got 0 for 0 examples");
});
