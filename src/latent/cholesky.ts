import { DataError } from "../errors.ts";

/**
 * Cholesky factor: the lower triangular L with L L^T = A for a symmetric positive definite A [dim, dim], row-major; only A's lower triangle is
 * read. Throws DataError where A is not positive definite.
 */
export function cholesky(matrix: Float64Array, dim: number): Float64Array {
  const factor = new Float64Array(dim * dim);
  for (let i = 0; i < dim; i++)
    for (let j = 0; j <= i; j++) {
      let rest = matrix[i * dim + j]!;
      for (let k = 0; k < j; k++) rest -= factor[i * dim + k]! * factor[j * dim + k]!;
      if (i !== j) factor[i * dim + j] = rest / factor[j * dim + j]!;
      else if (rest > 0) factor[i * dim + i] = Math.sqrt(rest);
      else
        throw new DataError(
          `covariance: not positive definite in dimension ${i}, got pivot ${rest}, expected one above 0; raise the covariance floor`,
        );
    }
  return factor;
}

/** The inverse of a lower triangular L [dim, dim], itself lower triangular: column j solves L x = e_j. */
export function invertLower(factor: Float64Array, dim: number): Float64Array {
  const inverse = new Float64Array(dim * dim);
  for (let j = 0; j < dim; j++)
    for (let i = j; i < dim; i++) {
      let rest = i === j ? 1 : 0;
      for (let k = j; k < i; k++) rest -= factor[i * dim + k]! * inverse[k * dim + j]!;
      inverse[i * dim + j] = rest / factor[i * dim + i]!;
    }
  return inverse;
}
