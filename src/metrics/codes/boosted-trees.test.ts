import { describe, expect, test } from "vitest";
import { boostTrees } from "./boosted-trees.ts";

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

// Friedman 2001, algorithm 6, by hand. Every class has a bin of its own.
describe("trees of one split on classes that it separates", () => {
  test("of two classes: residuals 1/2, then 1 - sigmoid(2 rate), for the Newton step is 1/2 (1/2) / (1/4) = 1", () => {
    const n = 40;
    const classes = Uint32Array.from({ length: n + 10 }, (_, i) => i % 2);
    const feature = Uint8Array.from(classes, (k) => 5 + 20 * k);
    const still = new Uint8Array(n + 10);
    const rate = 0.3;
    const found = boostTrees([still, feature], classes, n, { rounds: 2, rate, depth: 1 });
    // A split into halves of residuals r and -r reduces the squared error by n r^2; one tree serves both classes.
    const later = 1 - sigmoid(2 * rate);
    expect(found.importance[0]).toBe(0);
    expect(found.importance[1]).toBeCloseTo(n * (1 / 4 + later ** 2), 9);
    expect(found.accuracy).toBe(1);
    // The second step is 1/2 r / (r (1 - r)).
    const score = rate * (1 + 1 / (2 * (1 - later)));
    [0, 1].forEach((k) =>
      found.scores[k]!.forEach((s, i) => expect(s).toBeCloseTo(Math.log(1 / 2) + (i % 2 === k ? score : -score), 9)),
    );
  });

  test("of three classes: a step of (2/3) r / (|r| (1 - |r|)) in each leaf", () => {
    const n = 30;
    const classes = Uint32Array.from({ length: n + 3 }, (_, i) => i % 3);
    const feature = Uint8Array.from(classes, (k) => k);
    const rate = 0.2;
    const found = boostTrees([feature], classes, n, { rounds: 2, rate, depth: 2 });
    // At first p = 1/3: residuals 2/3 of the class, -1/3 of others, of mean 0; two levels separate all bins, the gain is all squares.
    const first = 3 * (n / 3) * ((2 / 3) ** 2 + 2 * (1 / 3) ** 2);
    // The leaf of the class takes (2/3) (2/3) / (2/3 1/3) = 2; a leaf of others (2/3) (-1/3) / (1/3 2/3) = -1.
    const [up, down] = [Math.exp(2 * rate), Math.exp(-rate)];
    const p = up / (up + 2 * down);
    const rest = (1 - p) / 2;
    const second = 3 * (n / 3) * ((1 - p) ** 2 + 2 * rest ** 2);
    expect(found.importance[0]).toBeCloseTo(first + second, 6);
  });
});

test("without anything to learn no class moves", () => {
  const { scores, accuracy } = boostTrees([Uint8Array.of(0, 1, 2, 3)], new Uint32Array(4), 2, { rounds: 5 });
  expect(scores.map((of) => Array.from(of))).toEqual([[0, 0]]);
  expect(accuracy).toBe(1);
});

test("of features that separate equally well the first is split on", () => {
  const classes = Uint32Array.from({ length: 20 }, (_, i) => i % 2);
  const feature = Uint8Array.from(classes);
  const { importance } = boostTrees([feature, feature], classes, 16, { rounds: 3 });
  expect(importance[0]).toBeGreaterThan(0);
  expect(importance[1]).toBe(0);
});

test("classes start from their frequencies, and rows after the training ones are held out", () => {
  // Nothing to split on: the most frequent class of the training rows is predicted.
  const classes = Uint32Array.of(0, 1, 1, 1, 0, 0, 0, 1);
  const { accuracy, importance } = boostTrees([new Uint8Array(8)], classes, 4, { rounds: 3 });
  expect(accuracy).toBe(1 / 4);
  expect([...importance]).toEqual([0]);
});
