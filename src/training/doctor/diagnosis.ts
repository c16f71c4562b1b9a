/**
 * The training doctor: diagnoses a run from the record of its metrics. Each finding names its evidence and the setting to
 * change; none changes the run.
 */
import type { Remedies } from "../../models/definition.ts";
import type { Rewind } from "../checkpoint.ts";
import type { LargestActivation } from "./activations.ts";
import type { AverageLag } from "./average-lag.ts";
import type { DeadUnits } from "./dead-units.ts";
import type { Finding } from "./finding.ts";

type Metrics = Readonly<Record<string, number>>;

/** Metrics of a run: training metrics of single batches, validation metrics of the whole split. */
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
  /** Whether intensities are about 0 or 1, where data has intensities. */
  readonly binary?: boolean;
  /** KL(q(z_i|x) || p(z_i)) of each dimension in nats, a mean over validation examples. */
  readonly rates?: ArrayLike<number>;
  readonly deadUnits?: DeadUnits;
  readonly activation?: LargestActivation;
  readonly average?: AverageLag;
  /** Decay of the EMA weights. */
  readonly ema?: number | undefined;
}

/** Every finding there is, the most serious first. */
export function diagnose(symptoms: Symptoms): readonly Finding[] {
  const checks = [
    divergence,
    explodingGradients,
    explodingActivations,
    posteriorCollapse,
    deadUnits,
    overFitting,
    averageLags,
  ];
  return checks.flatMap((check) => check(symptoms) ?? []);
}

/** Training was rewound to a checkpoint because a metric was not finite. */
function divergence({ rewinds = [], remedies }: Symptoms): Finding | undefined {
  const last = rewinds.at(-1);
  return (
    last && {
      finding: "divergence",
      evidence: `${last.metric} was not finite at step ${last.from}; training was rewound to step ${last.to} at half the learning rate`,
      remedy: [
        "start with half the --learning-rate, with --warmup 500, or with --clip-norm 1",
        ...(remedies?.divergence ?? []),
      ].join("; "),
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
    remedy: `--clip-norm ${short(2 * worst.usual, 1)} limits it to twice the median; or a lower --learning-rate, or --warmup`,
  };
}

/** Layers of networks that train well put out values of the order of 1 to 100 times their input's. */
const usualActivation = 1000;

function explodingActivations({ activation }: Symptoms): Finding | undefined {
  if (!activation || activation.rms <= usualActivation * Math.max(1, activation.input)) return undefined;
  const { rms, layer, input } = activation;
  return {
    finding: "exploding-activations",
    evidence: `the output of ${layer} has a root mean square of ${short(rms)} over validation examples, whose own is ${short(input)}`,
    remedy:
      "a lower --learning-rate, --clip-norm 1, or --weight-decay with --optimizer adamw; normalization where the model has a setting of it",
  };
}

/** A dimension of lower rate is inactive (Burda et al., arXiv:1509.00519, count active units similarly). */
export const activeRate = 0.01;

function posteriorCollapse({ rates, remedies, binary }: Symptoms): Finding | undefined {
  if (!rates || rates.length === 0) return undefined;
  const all = Array.from(rates);
  const active = all.filter((rate) => rate >= activeRate).length;
  if (active > all.length / 2) return undefined;
  const total = all.reduce((sum, rate) => sum + rate, 0);
  const settings = remedies?.collapse?.(active, { ...(binary !== undefined && { binary }) }) ?? [];
  return {
    finding: "posterior-collapse",
    evidence: `${active} of ${all.length} latent dimensions carry ${activeRate} nats or more, ${short(total)} nats in all: q(z|x) is the prior in the others`,
    remedy: settings.join("; ") || "a lower weight of the rate, or fewer latent dimensions",
  };
}

/** A rectifier that is 0 for every example has no gradient. Networks that do well on digits and MNIST have 14 to 23 % of them. */
const usualDeadFraction = 0.5;

function deadUnits({ deadUnits: found, remedies }: Symptoms): Finding | undefined {
  if (!found || found.dead <= usualDeadFraction * found.units) return undefined;
  return {
    finding: "dead-units",
    evidence: `${found.dead} of ${found.units} rectified units are 0 for all of ${found.examples} validation examples`,
    remedy: [...(remedies?.deadUnits ?? []), "a lower --learning-rate, or --warmup 500"].join("; or "),
  };
}

/** A relative rise of validation above its best that is more than the noise of its last epochs. */
const risen = 0.01;
/** Validations that the value at the end is averaged over. */
const lastFew = 3;

function overFitting({ records, remedies }: Symptoms): Finding | undefined {
  const validations = records.filter(({ split }) => split === "validation");
  const [metric] = Object.keys(validations[0]?.metrics ?? {});
  if (metric === undefined || validations.length < 2 * lastFew) return undefined;
  const valueOf = ({ metrics }: Measured): number => metrics[metric] ?? Number.NaN;
  const bestAt = validations.reduce((best, v, i) => (valueOf(v) < valueOf(validations[best]!) ? i : best), 0);
  const best = validations[bestAt]!;
  if (bestAt > validations.length - 1 - lastFew) return undefined;
  const end = mean(validations.slice(-lastFew).map(valueOf));
  if (!(end - valueOf(best) > risen * Math.abs(valueOf(best)))) return undefined;
  // The training metric over as many epochs around the best, and at the end.
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
    remedy: [
      "the best weights are used unless --patience is 0",
      "--patience 5 stops sooner",
      ...(remedies?.overFitting ?? []),
      "more data, a smaller network or --weight-decay with --optimizer adamw would generalize better",
    ].join("; "),
  };
}

/** The loss of averaged weights over that of the last ones, from which they are the worse choice. */
const lagging = 1.05;

/** EMA weights that are worse than those they average: a mean over more steps than the run's progress needs. */
function averageLags({ average, ema }: Symptoms): Finding | undefined {
  if (!average || ema === undefined || !(average.last > 0 && average.averaged > lagging * average.last))
    return undefined;
  const { metric, averaged, last } = average;
  return {
    finding: "average-lags",
    evidence: `${metric} of validation examples is ${short(averaged)} with the EMA weights and ${short(last)} with those they average`,
    remedy: `more --steps, or --ema ${short(Math.max(0.5, 1 - 4 * (1 - ema)), 3)}`,
  };
}

const mean = (values: readonly number[]): number => values.reduce((sum, v) => sum + v, 0) / values.length;

/** Of numbers, none of them NaN. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return (sorted[Math.ceil(middle) - 1]! + sorted[Math.floor(middle)]!) / 2;
}

/** A number in few digits. */
export const short = (value: number, digits = 4): string => String(Number(value.toPrecision(digits)));
