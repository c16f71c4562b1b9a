/** log Gamma(x) for x > 0: Stirling's series (DLMF 5.11.1) for x >= 10, the recurrence below. */
export function logGamma(x: number): number {
  let shift = 0;
  let z = x;
  for (; z < 10; z++) shift -= Math.log(z);
  const s = 1 / (z * z);
  const series = (1 / 12 - s * (1 / 360 - s * (1 / 1260 - s * (1 / 1680 - s * (1 / 1188 - (s * 691) / 360360))))) / z;
  return shift + (z - 0.5) * Math.log(z) - z + 0.5 * Math.log(2 * Math.PI) + series;
}

/** Digamma, the derivative of logGamma, for x > 0: asymptotic series (DLMF 5.11.2) for x >= 10, the recurrence below. */
export function digamma(x: number): number {
  let shift = 0;
  let z = x;
  for (; z < 10; z++) shift -= 1 / z;
  const s = 1 / (z * z);
  const series = s * (1 / 12 - s * (1 / 120 - s * (1 / 252 - s * (1 / 240 - s * (1 / 132 - (s * 691) / 32760)))));
  return shift + Math.log(z) - 0.5 / z - series;
}
