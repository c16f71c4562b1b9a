import { describe, expect, test } from "vitest";
import { stream } from "../random/index.ts";
import { leadingEigenpairs } from "./leading-eigenpairs.ts";
import { symmetricEigen } from "./symmetric-eigen.ts";

/** X^T X of a random X [rows, n], plus `ridge` on the diagonal. */
function gram(n: number, rows: number, ridge = 0): Float64Array {
  const random = stream(rows, "gram");
  const x = Float64Array.from({ length: rows * n }, () => random.normal());
  const a = new Float64Array(n * n);
  for (let r = 0; r < rows; r++)
    for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) a[i * n + j]! += x[r * n + i]! * x[r * n + j]!;
  for (let i = 0; i < n; i++) a[i * n + i]! += ridge;
  return a;
}

/** Largest deviation of A v = lambda v and of V V^T = I, the first in units of the largest eigenvalue. */
function errors(a: Float64Array, n: number, count: number): { residual: number; orthogonality: number } {
  const { values, vectors } = leadingEigenpairs(a, n, count);
  expect(values).toHaveLength(count);
  let [residual, orthogonality] = [0, 0];
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < n; j++) {
      let av = 0;
      for (let k = 0; k < n; k++) av += a[j * n + k]! * vectors[i * n + k]!;
      residual = Math.max(residual, Math.abs(av - values[i]! * vectors[i * n + j]!));
    }
    for (let j = 0; j < count; j++) {
      let inner = 0;
      for (let k = 0; k < n; k++) inner += vectors[i * n + k]! * vectors[j * n + k]!;
      orthogonality = Math.max(orthogonality, Math.abs(inner - Number(i === j)));
    }
  }
  return { residual: residual / (Math.abs(values[0]!) || 1), orthogonality };
}

describe("leadingEigenpairs", () => {
  const identity = Float64Array.from({ length: 400 }, (_, i) => Number(i % 21 === 0));
  // Ones in blocks of 5: eigenvalues 5, four times, and 0.
  const blocks = Float64Array.from({ length: 400 }, (_, i) =>
    Number(Math.floor(i / 20 / 5) === Math.floor((i % 20) / 5)),
  );
  test.each<[string, Float64Array, number, number]>([
    ["of a random Gram matrix", gram(60, 200), 60, 12],
    ["of a Gram matrix of low rank, nulls included", gram(40, 5), 40, 10],
    ["in a cluster", gram(40, 5, 1e9), 40, 40],
    ["of the identity", identity, 20, 20],
    ["that are exactly equal", blocks, 20, 6],
    ["of zeros", new Float64Array(25), 5, 3],
    ["of one number", Float64Array.of(-3), 1, 1],
    ["of two rows", Float64Array.of(2, 1, 1, 2), 2, 2],
  ])("finds eigenpairs %s", (_, a, n, count) => {
    const { residual, orthogonality } = errors(a, n, count);
    expect(residual).toBeLessThan(1e-13 * n);
    expect(orthogonality).toBeLessThan(1e-13 * n);
  });

  test("are the first of all eigenpairs", () => {
    const n = 60;
    const a = gram(n, 200);
    const all = symmetricEigen(a, n);
    const { values, vectors } = leadingEigenpairs(a, n, 8);
    values.forEach((v, i) => {
      expect(Math.abs(v / all.values[i]! - 1)).toBeLessThan(1e-12);
      let inner = 0;
      for (let k = 0; k < n; k++) inner += vectors[i * n + k]! * all.vectors[i * n + k]!;
      expect(Math.abs(inner)).toBeCloseTo(1, 10);
    });
  });
});
