import { expect, test } from "vitest";
import { fitLinearClassifier } from "./linear-classifier.ts";

// Nine examples at 0 and one at 1: separable, so that without a penalty the weights would grow without end. SciPy 1.17 minimizes
// sum_i -log softmax(W x_i + b)_(y_i) + |W|^2 / 2, of the standardized feature, at weights that are 1.4796 apart and biases 3.1844.
test("one feature: the boundary between two classes is that of the penalized likelihood, 0.7457", () => {
  const classify = fitLinearClassifier(
    Float64Array.from([...Array.from({ length: 9 }, () => 0), 1]),
    1,
    Uint32Array.from([...Array.from({ length: 9 }, () => 0), 1]),
  );
  expect([0, 0.7436, 0.7476, 1].map((x) => classify([x]))).toEqual([0, 0, 1, 1]);
});

// NumPy: Nesterov's iteration from weights of 0 on the standardized feature, with the step 1 / L of L = (1 + 1) / 2 + 1/3. Ever longer
// steps would end at the same weights, or nowhere: after five the boundary is at 0.62485.
test("steps have the length of one over the largest curvature", () => {
  const classify = fitLinearClassifier(Float64Array.of(0, 0, 1), 1, Uint32Array.of(0, 0, 1), { steps: 5 });
  expect([0.624, 0.6257].map((x) => classify([x]))).toEqual([0, 1]);
});
