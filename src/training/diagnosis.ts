/**
 * The training doctor: what can be told from a run's own record of how it went. Each finding names its evidence and the setting to
 * turn; none changes the run.
 */
import type { Remedies } from "../models/definition.ts";
import type { Rewind } from "./checkpoint.ts";
import type { DeadUnits } from "./dead-units.ts";
import type { Finding } from "./finding.ts";

type Metrics = Readonly<Record<string, number>>;

/** What was measured: training figures of single batches, validation figures of the whole split. */
export interface Measured {
  readonly split: "train" | "validation" | "test";
  readonly step: number;
  readonly metrics: Metrics;
}

export interface Symptoms {
  readonly records: readonly Measured[];
  /** Settings of the model that answer a finding. */
  readonly remedies?: Remedies;
  readonly rewinds?: readonly Rewind[];
  /** KL(q(z_i|x) || p(z_i)) of each dimension in nats, a mean over validation examples. */
  readonly rates?: ArrayLike<number>;
  readonly deadUnits?: DeadUnits;
}

/** Every finding there is, the most serious first. */
export function diagnose(symptoms: Symptoms): readonly Finding[] {
  const checks = [divergence, explodingGradients, posteriorCollapse, deadUnits, overFitting];
  return checks.flatMap((check) => check(symptoms) ?? []);
}

/** Training went back to a checkpoint because a figure was not finite. */
function divergence({ rewinds = [] }: Symptoms): Finding | undefined {
  const last = rewinds.at(-1);
  return (
    last && {
      finding: "divergence",
      evidence: `${last.metric} was not finite at step ${last.from}; training went back to step ${last.to} and on at half the learning rate`,
      remedy: "start with half the --learning-rate, with --warmup 500, or with --clip-norm 1",
    }
  );
}

/** A gradient this many times its running median is an explosion: chance alone brings two or three times. */
const explosion = 10;
/** Measurements behind the running median, and how many there must be to have one. */
const medianOver = 25;
const fewest = 5;

function explodingGradients({ records }: Symptoms): Finding | undefined {
  const norms = records.flatMap(({ split, step, metrics }) =>
    split === "train"
      ? Object.entries(metrics).flatMap(([name, norm]) => (name.endsWith("gradientNorm") ? [{ name, step, norm }] : []))
      : [],
  );
  const jumps = [...new Set(norms.map(({ name }) => name))].flatMap((name) => {
    const own = norms.filter((one) => one.name === name);
    return own.flatMap(({ step, norm }, i) => {
      const before = own.slice(Math.max(0, i - medianOver), i).map((one) => one.norm);
      const usual = median(before);
      return before.length >= fewest && norm > explosion * usual ? [{ name, step, norm, usual }] : [];
    });
  });
  if (jumps.length === 0) return undefined;
  const worst = jumps.reduce((a, b) => (b.norm / b.usual > a.norm / a.usual ? b : a));
  return {
    finding: "exploding-gradients",
    evidence:
      `${worst.name} was ${short(worst.norm)} at step ${worst.step}, ${short(worst.norm / worst.usual)} times its running median of ${short(worst.usual)}; ` +
      `${jumps.length} of ${norms.length} measurements were over ${explosion} times theirs`,
    remedy: `--clip-norm ${short(2 * worst.usual, 1)} holds it to twice the usual; or a lower --learning-rate, or --warmup`,
  };
}

/** A dimension with less than this tells nothing of the data (Burda et al., arXiv:1509.00519, count units in like manner). */
export const activeRate = 0.01;

function posteriorCollapse({ rates, remedies }: Symptoms): Finding | undefined {
  if (!rates || rates.length === 0) return undefined;
  const all = Array.from(rates);
  const active = all.filter((rate) => rate >= activeRate).length;
  if (active > all.length / 2) return undefined;
  const total = all.reduce((sum, rate) => sum + rate, 0);
  const settings = remedies?.collapse?.(active) ?? [];
  return {
    finding: "posterior-collapse",
    evidence: `${active} of ${all.length} latent dimensions carry ${activeRate} nats or more, ${short(total)} nats in all: q(z|x) is the prior in the others`,
    remedy: settings.join("; ") || "weigh the rate less, or take fewer latent dimensions",
  };
}

/** A rectifier that is 0 for every example learns no more. Networks that do well on digits and MNIST have 14 to 23 % of them. */
const usualDeadShare = 0.5;

function deadUnits({ deadUnits: found, remedies }: Symptoms): Finding | undefined {
  if (!found || found.dead <= usualDeadShare * found.units) return undefined;
  return {
    finding: "dead-units",
    evidence: `${found.dead} of ${found.units} rectified units are 0 for all of ${found.examples} validation examples`,
    remedy: [...(remedies?.deadUnits ?? []), "a lower --learning-rate, or --warmup 500"].join("; or "),
  };
}

/** Validation this much above its best, as a share, is more than the noise of its last epochs. */
const risen = 0.01;
/** Validations whose mean stands for the end. */
const lastFew = 3;

function overFitting({ records }: Symptoms): Finding | undefined {
  const validations = records.filter(({ split }) => split === "validation");
  const [metric] = Object.keys(validations[0]?.metrics ?? {});
  if (metric === undefined || validations.length < 2 * lastFew) return undefined;
  const valueOf = ({ metrics }: Measured): number => metrics[metric] ?? Number.NaN;
  const bestAt = validations.reduce((best, v, i) => (valueOf(v) < valueOf(validations[best]!) ? i : best), 0);
  const best = validations[bestAt]!;
  if (bestAt > validations.length - 1 - lastFew) return undefined;
  const end = mean(validations.slice(-lastFew).map(valueOf));
  if (!(end - valueOf(best) > risen * Math.abs(valueOf(best)))) return undefined;
  // Training's figure over as many epochs around the best, and at the end.
  const training = (from: number, to: number): number =>
    mean(
      records
        .filter(
          ({ split, step, metrics }) => split === "train" && step > from && step <= to && metrics[metric] !== undefined,
        )
        .map(valueOf),
    );
  const stepOf = (i: number): number => (i < 0 ? 0 : validations[i]!.step);
  const then = training(stepOf(bestAt - lastFew), best.step);
  const now = training(stepOf(validations.length - 1 - lastFew), stepOf(validations.length - 1));
  if (!(now < then)) return undefined;
  return {
    finding: "over-fitting",
    evidence: `validation ${metric} rose from ${short(valueOf(best))} at step ${best.step} to ${short(end)}, while training's fell from ${short(then)} to ${short(now)}`,
    remedy:
      "--patience 5 stops in time; --checkpoint best takes the weights of then; more data or a smaller network would do better",
  };
}

const mean = (values: readonly number[]): number => values.reduce((sum, v) => sum + v, 0) / values.length;

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return (sorted[Math.ceil(middle) - 1]! + sorted[Math.floor(middle)]!) / 2;
}

const short = (value: number, digits = 4): string => String(Number(value.toPrecision(digits)));
