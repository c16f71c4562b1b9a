import { activeThreshold, activity } from "./active-units.ts";

/** What one latent dimension does, over examples. */
export interface Unit {
  readonly unit: number;
  /** Mean KL(q(z_i|x) || p(z_i)) in nats, for a model that has rates by dimension. */
  readonly rate?: number;
  /** Variance of the mean of q(z_i|x), A_u of arXiv:1509.00519. */
  readonly activity: number;
  readonly active: boolean;
}

export interface UnitReport {
  /** By falling rate, or activity where there is none. */
  readonly units: readonly Unit[];
  readonly active: number;
  /** Sum over units, nats per example. */
  readonly rate?: number;
}

/** Measures each latent dimension from means and, where there are any, rates of q(z|x), [examples, latentDim] each. */
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

/** Something a person should know of a model, what says so, and what to turn. */
export interface Finding {
  readonly finding: string;
  readonly evidence: string;
  readonly dial: string;
}

/**
 * Posterior collapse: units whose code says nothing of x, because its rate costs more than it saves (Bowman et al.,
 * arXiv:1511.06349; Burda et al., arXiv:1509.00519, section 5.2). Undefined where all units are active. `settings` are the names of
 * the model's own, of which the dials are taken.
 */
export function posteriorCollapse({ units, active }: UnitReport, settings: readonly string[]): Finding | undefined {
  if (active === units.length) return undefined;
  const idle = units.filter((unit) => !unit.active);
  const nats = idle.reduce((sum, { rate = 0 }) => sum + rate, 0);
  const kept = idle.some(({ rate }) => rate !== undefined)
    ? `, and their KL together is ${nats.toPrecision(3)} nats`
    : "";
  const has = (name: string): boolean => settings.includes(name);
  const dials = [
    ...(has("warmup") ? ["raise --set warmup, over which beta rises from 0"] : []),
    ...(has("beta") ? ["lower --set beta"] : []),
    ...(active === 0
      ? ["lower --learning-rate", "train longer"]
      : has("latentDim")
        ? [`or leave them out with --set latentDim=${active}`]
        : []),
  ];
  return {
    finding:
      active === 0
        ? "posterior collapse: the code says nothing of an example, and the decoder does without it"
        : `${idle.length} of ${units.length} units not used`,
    evidence: `the mean code of ${active === 0 ? "every unit" : `unit${idle.length === 1 ? "" : "s"} ${listed(idle)}`} varies by ${activeThreshold} or less over examples${kept}`,
    dial: `${active === 0 ? "" : "to use them, "}${dials.join("; ")}`,
  };
}

function listed(units: readonly Unit[]): string {
  const names = units.map(({ unit }) => unit).toSorted((a, b) => a - b);
  return names.length > 12 ? `${names.slice(0, 12).join(", ")} and ${names.length - 12} more` : names.join(", ");
}
