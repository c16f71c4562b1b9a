import { ConfigError } from "../errors.ts";

export interface ScheduleOptions {
  /** The rate at its highest. */
  readonly learningRate: number;
  /** Steps of the whole run. */
  readonly steps: number;
  /** Steps of linear rise from 0 to `learningRate` at the start. */
  readonly warmup?: number;
  /** The last rate, as a fraction of `learningRate`. */
  readonly final?: number;
}

export const scheduleNames = ["constant", "linear", "cosine", "exponential"] as const;
export type ScheduleName = (typeof scheduleNames)[number];

/**
 * A learning rate as a function of the step (from 1): linear warm-up, then from 1 to `final` along
 * a line, half a cosine (Loshchilov & Hutter, arXiv:1608.03983, eq. 5), or an exponential.
 */
export function schedule(
  name: ScheduleName,
  { learningRate, steps, warmup = 0, final = name === "exponential" ? 0.01 : 0 }: ScheduleOptions,
): (step: number) => number {
  if (warmup < 0 || (warmup >= steps && name !== "constant"))
    throw new ConfigError(`schedule: warmup does not fit the run, got ${warmup}, expected 0 to ${steps - 1} steps`);
  if (name === "exponential" && final <= 0)
    throw new ConfigError(`schedule: an exponential never reaches its end, got final ${final}, expected more than 0`);
  const shape: Record<ScheduleName, (t: number) => number> = {
    constant: () => 1,
    linear: (t) => 1 + (final - 1) * t,
    cosine: (t) => final + ((1 - final) * (1 + Math.cos(Math.PI * t))) / 2,
    exponential: (t) => final ** t,
  };
  return (step) => {
    if (step <= warmup) return (learningRate * step) / warmup;
    const t = Math.min(1, (step - 1 - warmup) / Math.max(1, steps - warmup));
    return learningRate * shape[name](t);
  };
}
