/** The mean and standard deviation of each dimension of codes; none for symbols, which stay as they are. */
export interface Standardization {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** Of codes [count, dim] over their count; `dim` of 0 for codes that stay as they are. A dimension that does not vary keeps its scale. */
export function standardizationOf(codes: Float32Array, dim: number): Standardization {
  if (dim === 0) return { mean: [], std: [] };
  const count = codes.length / dim;
  const mean = new Float64Array(dim);
  const squares = new Float64Array(dim);
  codes.forEach((v, i) => (mean[i % dim]! += v / count));
  codes.forEach((v, i) => (squares[i % dim]! += (v - mean[i % dim]!) ** 2 / count));
  return { mean: [...mean], std: Array.from(squares, (v) => (v > 1e-16 ? Math.sqrt(v) : 1)) };
}

export const standardize = (codes: Float32Array, { mean, std }: Standardization): Float32Array =>
  mean.length === 0 ? codes : codes.map((v, i) => (v - mean[i % mean.length]!) / std[i % mean.length]!);

export const unstandardize = (codes: Float32Array, { mean, std }: Standardization): Float32Array =>
  mean.length === 0 ? codes : codes.map((v, i) => v * std[i % mean.length]! + mean[i % mean.length]!);
