import { activeThreshold, activity } from "./active-units.ts";

/** Statistics of one latent dimension over examples. */
export interface Unit {
  readonly unit: number;
  /** Mean KL(q(z_i|x) || p(z_i)) in nats, for a model whose rate decomposes over dimensions. */
  readonly rate?: number;
  /** Variance over examples of the mean of q(z_i|x), A_u of arXiv:1509.00519. */
  readonly activity: number;
  readonly active: boolean;
}

export interface UnitReport {
  /** Sorted by decreasing rate, or by activity where there is none. */
  readonly units: readonly Unit[];
  readonly active: number;
  /** Total rate in nats per example. */
  readonly rate?: number;
}

/** Rate and activity of each latent dimension, from the posterior means and optional rates (nats), [examples, latentDim] each. */
export function unitReport(
  { means, rates }: { readonly means: ArrayLike<number>; readonly rates?: ArrayLike<number> | undefined },
  latentDim: number,
): UnitReport {
  const examples = means.length / latentDim;
  const activities = activity(means, latentDim);
  const meanRates = rates && new Float64Array(latentDim);
  if (meanRates) for (let i = 0; i < rates.length; i++) meanRates[i % latentDim]! += rates[i]! / examples;
  const units = Array.from(activities, (a, unit): Unit => {
    const rate = meanRates && { rate: meanRates[unit]! };
    return { unit, ...rate, activity: a, active: a > activeThreshold };
  }).toSorted((a, b) => (b.rate ?? b.activity) - (a.rate ?? a.activity));
  return {
    units,
    active: units.filter(({ active }) => active).length,
    ...(meanRates && { rate: meanRates.reduce((sum, rate) => sum + rate, 0) }),
  };
}
