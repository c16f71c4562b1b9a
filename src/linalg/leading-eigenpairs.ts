import { fillPatternless, scaled } from "./row-space.ts";
import { diagonalize, dot, type Tridiagonal, tridiagonal } from "./tridiagonal.ts";

/** The leading eigenpairs of a symmetric matrix. */
export interface Eigenpairs {
  /** In decreasing order. */
  readonly values: Float64Array;
  /** [count, n]: row i is the unit eigenvector of eigenvalue i. */
  readonly vectors: Float64Array;
}

/**
 * The `count` largest eigenvalues of a symmetric matrix [n, n] with their eigenvectors, in float64; only its lower triangle is read. Householder
 * reduction, implicit QL for the eigenvalues, inverse iteration for the eigenvectors (Golub & Van Loan, Matrix Computations, 4th edition,
 * 8.2.2): several times faster than a full decomposition where `count` is small.
 */
export function leadingEigenpairs(matrix: Float64Array, n: number, count: number): Eigenpairs {
  const reduced = tridiagonal(matrix, n);
  const spectrum = reduced.diagonal.slice();
  diagonalize(spectrum, reduced.offDiagonal.slice(), () => {});
  const values = spectrum.toSorted((a, b) => b - a).subarray(0, count);
  const vectors = tridiagonalVectors(reduced, values);
  for (let j = 0; j < count; j++) {
    const y = vectors.subarray(j * n, (j + 1) * n);
    for (let i = 1; i < n; i++) {
      const v = reduced.reflections.subarray(i * n, i * n + i);
      const s = reduced.betas[i]! * dot(y, v, i);
      if (s !== 0) for (let k = 0; k < i; k++) y[k]! -= s * v[k]!;
    }
  }
  return { values, vectors };
}

/** Inverse iteration on (T - lambda) y = y for each eigenvalue; eigenvectors of close eigenvalues are kept orthogonal. */
function tridiagonalVectors({ diagonal, offDiagonal }: Tridiagonal, values: Float64Array): Float64Array {
  const n = diagonal.length;
  const vectors = new Float64Array(values.length * n);
  const norm = diagonal.reduce((max, d, i) => Math.max(max, Math.abs(d) + 2 * Math.abs(offDiagonal[i]!)), 0) || 1;
  const smallest = Number.EPSILON * norm;
  // Eigenvalues this close form a cluster, as in LAPACK's dstein.
  const near = 1e-3 * norm;
  let shift = Infinity;
  let first = 0;
  values.forEach((value, j) => {
    while (values[first]! - value > near) first++;
    // Equal shifts would give the same eigenvector twice.
    shift = Math.min(value, shift - 10 * smallest);
    const solve = factored(diagonal, offDiagonal, shift, smallest);
    const y = vectors.subarray(j * n, (j + 1) * n);
    fillPatternless(y, j);
    for (let turn = 0; turn < 3; turn++) {
      solve(y);
      scaled(y);
      for (let other = first; other < j; other++) {
        const z = vectors.subarray(other * n, (other + 1) * n);
        const along = dot(y, z, n);
        for (let i = 0; i < n; i++) y[i]! -= along * z[i]!;
      }
      scaled(y);
    }
  });
  return vectors;
}

/** Solver of (T - shift) x = b, in place, by Gaussian elimination with partial pivoting; a pivot of 0 becomes `smallest`. */
function factored(
  diagonal: Float64Array,
  offDiagonal: Float64Array,
  shift: number,
  smallest: number,
): (b: Float64Array) => void {
  const n = diagonal.length;
  const pivots = diagonal.map((d) => d - shift);
  const upper = offDiagonal.slice();
  const second = new Float64Array(n);
  const factors = new Float64Array(n);
  const exchanged = new Uint8Array(n);
  for (let i = 0; i < n - 1; i++) {
    const below = offDiagonal[i]!;
    if (Math.abs(pivots[i]!) >= Math.abs(below)) {
      pivots[i] ||= smallest;
      factors[i] = below / pivots[i]!;
      pivots[i + 1]! -= factors[i]! * upper[i]!;
      continue;
    }
    exchanged[i] = 1;
    factors[i] = pivots[i]! / below;
    pivots[i] = below;
    const above = upper[i]!;
    upper[i] = pivots[i + 1]!;
    pivots[i + 1] = above - factors[i]! * upper[i]!;
    second[i] = upper[i + 1]!;
    upper[i + 1] = -factors[i]! * second[i]!;
  }
  pivots[n - 1] ||= smallest;
  return (b) => {
    for (let i = 0; i < n - 1; i++) {
      if (exchanged[i]) [b[i], b[i + 1]] = [b[i + 1]!, b[i]!];
      b[i + 1]! -= factors[i]! * b[i]!;
    }
    for (let i = n - 1; i >= 0; i--)
      b[i] = (b[i]! - (i < n - 1 ? upper[i]! * b[i + 1]! : 0) - (i < n - 2 ? second[i]! * b[i + 2]! : 0)) / pivots[i]!;
  };
}
