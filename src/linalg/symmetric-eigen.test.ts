import { describe, expect, test } from "vitest";
import { stream } from "../random/index.ts";
import { symmetricEigen } from "./symmetric-eigen.ts";

/** Largest deviation of A v = lambda v and of V V^T = I, in units of the largest eigenvalue. */
function errors(a: Float64Array, n: number): { residual: number; orthogonality: number; values: Float64Array } {
  const { values, vectors } = symmetricEigen(a, n);
  const v = (i: number, k: number): number => vectors[i * n + k]!;
  let [residual, orthogonality] = [0, 0];
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      let [av, vv] = [0, 0];
      for (let k = 0; k < n; k++) {
        av += a[Math.max(j, k) * n + Math.min(j, k)]! * v(i, k);
        vv += v(i, k) * v(j, k);
      }
      residual = Math.max(residual, Math.abs(av - values[i]! * v(i, j)));
      orthogonality = Math.max(orthogonality, Math.abs(vv - Number(i === j)));
    }
  const largest = Math.max(...values.map(Math.abs), Number.MIN_VALUE);
  return { residual: residual / largest, orthogonality, values };
}

/** Q diag(values) Q^T for a Q of random reflections. */
function withSpectrum(spectrum: readonly number[], seed: number): Float64Array {
  const n = spectrum.length;
  const a = new Float64Array(n * n);
  spectrum.forEach((value, i) => (a[i * n + i] = value));
  const random = stream(seed, "test");
  for (let turn = 0; turn < 4; turn++) {
    const v = Float64Array.from({ length: n }, () => random.normal());
    const beta = 2 / v.reduce((s, x) => s + x * x, 0);
    for (const [row, step] of [
      [n, 1],
      [1, n],
    ] as const)
      for (let i = 0; i < n; i++) {
        let s = 0;
        for (let k = 0; k < n; k++) s += a[i * row + k * step]! * v[k]!;
        for (let k = 0; k < n; k++) a[i * row + k * step]! -= beta * s * v[k]!;
      }
  }
  return a;
}

describe("symmetricEigen", () => {
  test.each([
    ["over twelve decades", Array.from({ length: 60 }, (_, i) => 10 ** (-i / 5))],
    ["with a cluster and both signs", Array.from({ length: 40 }, (_, i) => (i < 20 ? 3 : i < 30 ? -3 : 0))],
    ["of one", [7]],
    ["of two", [2, -1]],
  ])("finds a spectrum %s", (_, spectrum) => {
    const { residual, orthogonality, values } = errors(withSpectrum(spectrum, 1), spectrum.length);
    expect(residual).toBeLessThan(1e-14 * spectrum.length);
    expect(orthogonality).toBeLessThan(1e-14 * spectrum.length);
    const expected = spectrum.toSorted((a, b) => b - a);
    const largest = Math.max(...spectrum.map(Math.abs));
    values.forEach((v, i) => expect(Math.abs(v - expected[i]!)).toBeLessThan(1e-13 * largest));
  });

  // The second difference: eigenvalues 2 - 2 cos(k pi / (n + 1)).
  test("knows the second difference's eigenvalues", () => {
    const n = 50;
    const a = new Float64Array(n * n);
    for (let i = 0; i < n; i++) {
      a[i * n + i] = 2;
      if (i > 0) a[i * n + i - 1] = -1;
    }
    const { values } = symmetricEigen(a, n);
    values.forEach((v, i) => expect(v).toBeCloseTo(2 - 2 * Math.cos(((n - i) * Math.PI) / (n + 1)), 13));
  });

  test.each([
    ["zero", 0],
    ["tiny", 1e-200],
    ["huge", 1e200],
  ])("keeps its accuracy for %s matrices", (_, scale) => {
    const a = withSpectrum([3, 2, 2, 1, -1, 0], 2).map((v) => v * scale);
    const { residual, orthogonality } = errors(a, 6);
    expect(residual).toBeLessThan(1e-13);
    expect(orthogonality).toBeLessThan(1e-13);
  });
});
