/** A = Q T Q^T with a tridiagonal T, and Q^T the product of the reflections H_1 H_2 ... H_(n-1), H_i = I - beta v v^T. */
export interface Tridiagonal {
  readonly diagonal: Float64Array;
  /** Element i couples diagonal elements i and i + 1; the last is 0. */
  readonly offDiagonal: Float64Array;
  /** [n, n]: the first i numbers of row i are the vector v of H_i; the rest is scratch. */
  readonly reflections: Float64Array;
  /** beta of H_i; 0 for the identity. */
  readonly betas: Float64Array;
}

/**
 * Householder reduction of a symmetric matrix [n, n] to tridiagonal form; only the lower triangle is read (Golub & Van Loan, Matrix Computations,
 * 4th edition, 8.3): from the last row up, a reflection zeroes row i left of its subdiagonal element.
 */
export function tridiagonal(matrix: Float64Array, n: number): Tridiagonal {
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
    // The sign without cancellation.
    const alpha = last > 0 ? -length : length;
    v[i - 1] = last - alpha;
    // Scaling v to a largest component of order 1 avoids overflow.
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
  return { diagonal: Float64Array.from({ length: n }, (_, i) => a[i * n + i]!), offDiagonal, reflections: a, betas };
}

/**
 * Eigenvalues of a tridiagonal matrix with diagonal d and off-diagonal e, left in d unsorted, by implicit QL with Wilkinson's shift. `rotated` is
 * called for each Givens rotation: rows i and i + 1 by the angle of cosine c and sine s.
 */
export function diagonalize(
  d: Float64Array,
  e: Float64Array,
  rotated: (i: number, c: number, s: number) => void,
): void {
  const n = d.length;
  for (let first = 0; first < n; first++)
    for (;;) {
      let end = first;
      while (end < n - 1 && Math.abs(e[end]!) > Number.EPSILON * (Math.abs(d[end]!) + Math.abs(d[end + 1]!))) end++;
      if (end === first) break;
      // Wilkinson's shift: the eigenvalue of the leading 2x2 block that is closer to its first element.
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
          // The matrix decouples here: continue with the blocks.
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
        rotated(i, c, s);
      }
      if (i < first) {
        d[first]! -= shifted;
        e[first] = bulge;
      }
      e[end] = 0;
    }
}

/** Inner product of the first `length` components. */
export function dot(x: Float64Array, y: Float64Array, length: number): number {
  let sum = 0;
  for (let i = 0; i < length; i++) sum += x[i]! * y[i]!;
  return sum;
}

/** Euclidean norm without intermediate overflow or underflow. */
function norm(x: Float64Array): number {
  const largest = x.reduce((max, v) => Math.max(max, Math.abs(v)), 0);
  if (largest === 0) return 0;
  return largest * Math.sqrt(x.reduce((sum, v) => sum + (v / largest) ** 2, 0));
}
