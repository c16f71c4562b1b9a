/** A = vectors^T diag(values) vectors. */
export interface SymmetricEigen {
  /** From the largest down. */
  readonly values: Float64Array;
  /** [n, n]: row i is the unit eigenvector of the i-th value. */
  readonly vectors: Float64Array;
}

/**
 * Eigenvalues and eigenvectors of a symmetric matrix [n, n] in float64; its lower triangle is read. Householder reduction to
 * a tridiagonal matrix, then implicit QL with Wilkinson's shift (Golub & Van Loan, Matrix Computations, 4th edition, 8.3).
 * Residuals are a few units of rounding of the largest eigenvalue.
 */
export function symmetricEigen(matrix: Float64Array, n: number): SymmetricEigen {
  const { diagonal, offDiagonal, vectors } = tridiagonal(matrix, n);
  diagonalize(diagonal, offDiagonal, vectors);
  const order = Array.from(diagonal.keys()).toSorted((a, b) => diagonal[b]! - diagonal[a]!);
  const sorted = new Float64Array(n * n);
  order.forEach((from, to) => sorted.set(vectors.subarray(from * n, (from + 1) * n), to * n));
  return { values: Float64Array.from(order, (i) => diagonal[i]!), vectors: sorted };
}

interface Tridiagonal {
  readonly diagonal: Float64Array;
  /** Element i stands between diagonal elements i and i + 1; the last is 0. */
  readonly offDiagonal: Float64Array;
  /** Q^T of A = Q T Q^T. */
  readonly vectors: Float64Array;
}

/** From the last row up, a reflection I - beta v v^T takes row i to zero left of its subdiagonal element. */
function tridiagonal(matrix: Float64Array, n: number): Tridiagonal {
  const a = Float64Array.from(matrix);
  const offDiagonal = new Float64Array(n);
  const betas = new Float64Array(n);
  for (let i = n - 1; i > 0; i--) {
    const v = a.subarray(i * n, i * n + i);
    const last = v[i - 1]!;
    const tail = norm(v.subarray(0, i - 1));
    if (tail === 0) {
      offDiagonal[i - 1] = last;
      continue;
    }
    const length = Math.hypot(tail, last);
    // The sign that adds, so that nothing cancels.
    const alpha = last > 0 ? -length : length;
    v[i - 1] = last - alpha;
    // v scaled to a largest component of order 1 cannot overflow.
    const scale = 1 / Math.abs(v[i - 1]!);
    for (let k = 0; k < i; k++) v[k]! *= scale;
    const beta = 2 / dot(v, v, i);
    offDiagonal[i - 1] = alpha;
    betas[i] = beta;

    // A <- A - v w^T - w v^T with w = beta A v - (beta^2 / 2) (v^T A v) v
    const w = new Float64Array(i);
    for (let j = 0; j < i; j++) {
      const row = a.subarray(j * n, j * n + j + 1);
      const vj = v[j]!;
      let sum = row[j]! * vj;
      for (let k = 0; k < j; k++) {
        sum += row[k]! * v[k]!;
        w[k]! += row[k]! * vj;
      }
      w[j]! += sum;
    }
    for (let k = 0; k < i; k++) w[k]! *= beta;
    const half = (beta / 2) * dot(v, w, i);
    for (let k = 0; k < i; k++) w[k]! -= half * v[k]!;
    for (let j = 0; j < i; j++) {
      const row = a.subarray(j * n, j * n + j + 1);
      const [vj, wj] = [v[j]!, w[j]!];
      for (let k = 0; k <= j; k++) row[k]! -= vj * w[k]! + wj * v[k]!;
    }
  }

  // Q^T is the product of all reflections, the shortest first.
  const vectors = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    vectors[i * n + i] = 1;
    if (betas[i] === 0) continue;
    const v = a.subarray(i * n, i * n + i);
    for (let j = 0; j < i; j++) {
      const row = vectors.subarray(j * n, j * n + i);
      const s = betas[i]! * dot(row, v, i);
      for (let k = 0; k < i; k++) row[k]! -= s * v[k]!;
    }
  }
  return { diagonal: Float64Array.from({ length: n }, (_, i) => a[i * n + i]!), offDiagonal, vectors };
}

/** Turns the diagonal into eigenvalues, and the rows of `vectors` with it, by plane rotations. */
function diagonalize(d: Float64Array, e: Float64Array, vectors: Float64Array): void {
  const n = d.length;
  for (let first = 0; first < n; first++)
    for (;;) {
      let end = first;
      while (end < n - 1 && Math.abs(e[end]!) > Number.EPSILON * (Math.abs(d[end]!) + Math.abs(d[end + 1]!))) end++;
      if (end === first) break;
      // Wilkinson's shift: the eigenvalue of the leading 2x2 block that is nearer to its first element.
      const delta = (d[first + 1]! - d[first]!) / (2 * e[first]!);
      const root = Math.hypot(delta, 1);
      let bulge = d[end]! - d[first]! + e[first]! / (delta + (delta < 0 ? -root : root));
      let [c, s, shifted] = [1, 1, 0];
      let i = end - 1;
      for (; i >= first; i--) {
        const f = s * e[i]!;
        const b = c * e[i]!;
        const r = Math.hypot(f, bulge);
        e[i + 1] = r;
        if (r === 0) {
          // The matrix falls apart here: go on with the pieces.
          d[i + 1]! -= shifted;
          break;
        }
        s = f / r;
        c = bulge / r;
        const g = d[i + 1]! - shifted;
        const t = (d[i]! - g) * s + 2 * c * b;
        shifted = s * t;
        d[i + 1] = g + shifted;
        bulge = c * t - b;
        rotate(vectors, n, i, c, s);
      }
      if (i < first) {
        d[first]! -= shifted;
        e[first] = bulge;
      }
      e[end] = 0;
    }
}

/** Rows i and i + 1 turned by the angle of cosine c and sine s. */
function rotate(vectors: Float64Array, n: number, i: number, c: number, s: number): void {
  const x = vectors.subarray(i * n, (i + 1) * n);
  const y = vectors.subarray((i + 1) * n, (i + 2) * n);
  for (let k = 0; k < n; k++) {
    const [a, b] = [x[k]!, y[k]!];
    x[k] = c * a - s * b;
    y[k] = s * a + c * b;
  }
}

function dot(x: Float64Array, y: Float64Array, length: number): number {
  let sum = 0;
  for (let i = 0; i < length; i++) sum += x[i]! * y[i]!;
  return sum;
}

/** Without overflow or underflow on the way. */
function norm(x: Float64Array): number {
  const largest = x.reduce((max, v) => Math.max(max, Math.abs(v)), 0);
  if (largest === 0) return 0;
  return largest * Math.sqrt(x.reduce((sum, v) => sum + (v / largest) ** 2, 0));
}
