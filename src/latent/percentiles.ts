/**
 * The x at which a standard normal variable stays below with probability p, 0 < p < 1: the root of Phi(x) = p by Newton's
 * method from a rational start (Abramowitz & Stegun, 26.2.23, off by less than 4.5e-4).
 */
export function normalQuantile(p: number): number {
  if (p > 0.5) return -normalQuantile(1 - p);
  const t = Math.sqrt(-2 * Math.log(p));
  let x = (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308))) - t;
  for (let i = 0; i < 3; i++) x -= ((lowerTail(x) - p) * Math.sqrt(2 * Math.PI)) / Math.exp((-x * x) / 2);
  return x;
}

/** Phi(x) for x <= 0, by Marsaglia's series (J. Stat. Software 11(4), 2004): 1/2 + phi(x) (x + x^3/3 + x^5/(3*5) + ...). */
function lowerTail(x: number): number {
  let term = x;
  let sum = x;
  for (let k = 3; Math.abs(term) > 1e-17 * Math.abs(sum); k += 2) {
    term *= (x * x) / k;
    sum += term;
  }
  return 0.5 + (sum * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI);
}

/** `count` values that part a standard normal variable's range from its 5th to its 95th percentile evenly in probability. */
export const normalPercentiles = (count: number): number[] =>
  Array.from({ length: count }, (_, i) => normalQuantile(count === 1 ? 0.5 : 0.05 + (0.9 * i) / (count - 1)));

/**
 * Codes [size * size, latentDim] that cover two dimensions of a standard normal latent space at its percentiles, the others
 * at 0; row by row as a picture shows them: the first dimension grows to the right, the second upwards
 * (arXiv:1312.6114, figure 4).
 */
export function percentileGrid(latentDim: number, [right, up]: readonly [number, number], size: number): Float32Array {
  const values = normalPercentiles(size);
  const codes = new Float32Array(size * size * latentDim);
  for (let row = 0; row < size; row++)
    for (let column = 0; column < size; column++) {
      const at = (row * size + column) * latentDim;
      codes[at + up] = values[size - 1 - row]!;
      codes[at + right] = values[column]!;
    }
  return codes;
}
