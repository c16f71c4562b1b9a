/**
 * Examples [count, eigenvalues.length] of mean 0 whose covariance (by 1 / count) has exactly these eigenvalues, in float64,
 * and its eigenvectors: cosines of whole periods are orthogonal with mean square 1/2, and a reflection mixes the axes.
 */
export function knownSpectrum(
  eigenvalues: readonly number[],
  count: number,
): { readonly rows: readonly (readonly number[])[]; readonly eigenvectors: readonly (readonly number[])[] } {
  const normal = eigenvalues.map((_, i) => Math.sin(i + 1));
  const normSquared = normal.reduce((a, b) => a + b * b, 0);
  const reflected = (row: readonly number[]): number[] => {
    const along = (2 * row.reduce((a, b, k) => a + b * normal[k]!, 0)) / normSquared;
    return row.map((v, k) => v - along * normal[k]!);
  };
  return {
    rows: Array.from({ length: count }, (_, i) =>
      reflected(eigenvalues.map((v, k) => Math.sqrt(2 * v) * Math.cos((2 * Math.PI * (k + 1) * i) / count))),
    ),
    eigenvectors: eigenvalues.map((_, i) => reflected(eigenvalues.map((__, k) => Number(i === k)))),
  };
}
