import { expect, test } from "vitest";
import { evaluate } from "../../graph/evaluate.ts";
import { Input } from "../../graph/tensor.ts";
import { value } from "../../graph/value.ts";
import { stream } from "../../random/index.ts";
import type { Examples } from "../model.ts";
import { principalComponents } from "./principal-components.ts";

/** Examples that count how often they are passed over. */
function counted(values: Float32Array, size: number) {
  const n = values.length / size;
  const batch = new Input("x", [n, size]);
  const leaf = value("float32", batch.shape, Float64Array.from(values));
  const examples = {
    passes: 0,
    count: n,
    total: async (statistics) => {
      examples.passes += 1;
      const entries = Object.entries(statistics(batch));
      const results = evaluate(
        entries.map(([, t]) => t),
        new Map([[batch, leaf]]),
      );
      return Object.fromEntries(entries.map(([name], i) => [name, results[i]!.data]));
    },
  } satisfies Pick<Examples, "count" | "total"> & { passes: number };
  return examples;
}

/** Rows of `n` random mixtures of random directions, one for each value of the spectrum. */
function mixtures(n: number, size: number, spectrum: readonly number[]): Float32Array {
  const random = stream(1, "wide");
  const directions = spectrum.map(() => Float64Array.from({ length: size }, () => random.normal()));
  const values = new Float32Array(n * size);
  for (let r = 0; r < n; r++) {
    const weights = spectrum.map((s) => s * random.normal());
    for (let k = 0; k < size; k++) values[r * size + k] = weights.reduce((a, w, i) => a + w * directions[i]![k]!, 0);
  }
  return values;
}

test("wide examples, by subspace iteration, have the eigenvalues of their Gram matrix", async () => {
  const [n, size, kept] = [40, 1100, 5];
  const values = mixtures(
    n,
    size,
    Array.from({ length: 12 }, (_, i) => 0.7 ** i),
  );
  const found = await principalComponents(counted(values, size), { size, count: kept });
  // Each component is an eigenvector: (1/n) X_c^T X_c u = l u, with residuals far below the smallest kept eigenvalue.
  const centered = Float64Array.from(values, (v, i) => v - found.mean[i % size]!);
  for (let i = 0; i < kept; i++) {
    const u = found.components.subarray(i * size, (i + 1) * size);
    const image = new Float64Array(size);
    for (let r = 0; r < n; r++) {
      const row = centered.subarray(r * size, (r + 1) * size);
      const along = row.reduce((a, v, k) => a + v * u[k]!, 0) / n;
      row.forEach((v, k) => (image[k]! += along * v));
    }
    const residual = Math.hypot(...image.map((v, k) => v - found.eigenvalues[i]! * u[k]!));
    expect(residual).toBeLessThan(1e-4 * found.eigenvalues[i]!);
    expect(Math.hypot(...u)).toBeCloseTo(1, 6);
  }
  expect(found.totalVariance).toBeCloseTo(centered.reduce((a, v) => a + v * v, 0) / n, 3);
});

// Of fewer directions than it searches, the first pass finds all: the second gives the eigenvalues, the third the same.
test("the search of few directions ends when their eigenvalues stand still", async () => {
  const size = 1100;
  const examples = counted(mixtures(20, size, [3, 2, 1]), size);
  await principalComponents(examples, { size, count: 2 });
  // And one pass for the mean.
  expect(examples.passes).toBeLessThanOrEqual(5);
});
