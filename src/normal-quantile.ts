/**
 * Standard normal quantile of probability p, 0 < p < 1: the root of Phi(x) = p by Newton's method, initialized by a rational approximation
 * (Abramowitz & Stegun 26.2.23, error below 4.5e-4).
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

/** Standard normal cdf Phi(x), accurate to 16 decimals. */
export function normalProbability(x: number): number {
  if (x > 0) return 1 - normalProbability(-x);
  // At most 1e-19 there; the series would overflow further out.
  return x < -9 ? 0 : Math.max(0, lowerTail(x));
}
