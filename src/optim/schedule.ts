import { ConfigError } from "../errors.ts";

export interface ScheduleOptions {
  /** Peak learning rate. */
  readonly learningRate: number;
  /** Total steps of the run. */
  readonly steps: number;
  /** Linear warmup steps; of `one-cycle`, steps up to the peak (3/10 of the run when 0). */
  readonly warmup?: number;
  /** Final learning rate as a fraction of `learningRate`. */
  readonly final?: number;
}

/** Every learning-rate schedule. */
export const scheduleNames = ["constant", "linear", "cosine", "exponential", "step", "one-cycle"] as const;
export type ScheduleName = (typeof scheduleNames)[number];

/**
 * A learning-rate schedule as a function of the step (from 1): linear warmup, then decay from 1 to `final` times the peak, linearly, along a half
 * cosine (Loshchilov & Hutter, arXiv:1608.03983, eq. 5) or exponentially; `step` multiplies by 1/10 after half of the run and again after three
 * quarters (He et al., arXiv:1512.03385, section 4.2).
 *
 * `one-cycle` (Smith & Topin, arXiv:1708.07120) rises from 1/25 to 1 along a half cosine, then decays to `final`.
 *
 * @example
 * const rate = schedule("linear", { learningRate: 0.1, steps: 100, final: 0 });
 * rate(1); // 0.1
 */
export function schedule(
  name: ScheduleName,
  { learningRate, steps, warmup = 0, final = finalFraction[name] }: ScheduleOptions,
): (step: number) => number {
  if (warmup < 0 || (warmup >= steps && name !== "constant"))
    throw new ConfigError(`schedule: warmup does not fit the run, got ${warmup}, expected 0 to ${steps - 1} steps`);
  if (name === "exponential" && final <= 0)
    throw new ConfigError(`schedule: an exponential never reaches its end, got final ${final}, expected more than 0`);
  if (name === "one-cycle") {
    const peak = warmup || Math.max(1, Math.round(0.3 * steps));
    return (step) =>
      learningRate *
      (step < peak
        ? halfCosine(1 / 25, 1, (step - 1) / (peak - 1))
        : halfCosine(1, final, Math.min(1, (step - peak) / Math.max(1, steps - peak))));
  }
  const shape: Record<typeof name, (t: number) => number> = {
    constant: () => 1,
    linear: (t) => 1 + (final - 1) * t,
    cosine: (t) => halfCosine(1, final, t),
    exponential: (t) => final ** t,
    step: (t) => (t < 0.5 ? 1 : t < 0.75 ? 0.1 : 0.01),
  };
  return (step) => {
    if (step <= warmup) return (learningRate * step) / warmup;
    // The first step after the warm-up has the full rate, the last one the final rate.
    const t = Math.min(1, (step - 1 - warmup) / Math.max(1, steps - 1 - warmup));
    return learningRate * shape[name](t);
  };
}

const finalFraction: Readonly<Record<ScheduleName, number>> = {
  constant: 1,
  linear: 0,
  cosine: 0,
  exponential: 0.01,
  step: 0.01,
  "one-cycle": 1 / 250_000,
};

const halfCosine = (from: number, to: number, t: number): number =>
  to + ((from - to) * (1 + Math.cos(Math.PI * t))) / 2;
