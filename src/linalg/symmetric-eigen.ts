import { diagonalize, dot, type Tridiagonal, tridiagonal } from "./tridiagonal.ts";

/** A = vectors^T diag(values) vectors. */
export interface SymmetricEigen {
  /** In decreasing order. */
  readonly values: Float64Array;
  /** [n, n]: row i is the unit eigenvector of eigenvalue i. */
  readonly vectors: Float64Array;
}

/**
 * Eigendecomposition of a symmetric matrix [n, n] in float64; only its lower triangle is read. Householder reduction to tridiagonal form, then
 * implicit QL with Wilkinson's shift (Golub & Van Loan, Matrix Computations, 4th edition, 8.3). Residuals are a few rounding errors of the
 * largest eigenvalue.
 */
export function symmetricEigen(matrix: Float64Array, n: number): SymmetricEigen {
  const reduced = tridiagonal(matrix, n);
  const { diagonal, offDiagonal } = reduced;
  const vectors = transformation(reduced);
  diagonalize(diagonal, offDiagonal, (i, c, s) => rotate(vectors, n, i, c, s));
  const order = Array.from(diagonal.keys()).toSorted((a, b) => diagonal[b]! - diagonal[a]!);
  const sorted = new Float64Array(n * n);
  order.forEach((from, to) => sorted.set(vectors.subarray(from * n, (from + 1) * n), to * n));
  return { values: Float64Array.from(order, (i) => diagonal[i]!), vectors: sorted };
}

/** Q^T as the product of all reflections, shortest first. */
function transformation({ reflections, betas }: Tridiagonal): Float64Array {
  const n = betas.length;
  const vectors = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    vectors[i * n + i] = 1;
    if (betas[i] === 0) continue;
    const v = reflections.subarray(i * n, i * n + i);
    for (let j = 0; j < i; j++) {
      const row = vectors.subarray(j * n, j * n + i);
      const s = betas[i]! * dot(row, v, i);
      for (let k = 0; k < i; k++) row[k]! -= s * v[k]!;
    }
  }
  return vectors;
}

/** Rotates rows i and i + 1 by the angle of cosine c and sine s. */
function rotate(vectors: Float64Array, n: number, i: number, c: number, s: number): void {
  const x = vectors.subarray(i * n, (i + 1) * n);
  const y = vectors.subarray((i + 1) * n, (i + 2) * n);
  for (let k = 0; k < n; k++) {
    const [a, b] = [x[k]!, y[k]!];
    x[k] = c * a - s * b;
    y[k] = s * a + c * b;
  }
}
