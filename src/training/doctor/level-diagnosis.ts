/** What the training doctor sees in a hierarchy of latents, and in updates that were skipped. */
import type { Remedies } from "../../models/definition.ts";
import { SKIPPED } from "../skipped-updates.ts";
import { type Measured, median, short } from "./diagnosis.ts";
import type { Finding } from "./finding.ts";

/** Nats per example from which on a latent is active: below, it says less than a seventh of a bit. */
export const activeLevelRate = 0.1;

/** The mean rate of a latent over validation examples. */
export interface ExaminedLevel {
  readonly name: string;
  readonly rate: number;
}

/** Findings on the latents of a hierarchy, top first: those that carry nothing, and rates that jump. */
export function diagnoseLevels(
  records: readonly Measured[],
  levels: readonly ExaminedLevel[],
  remedies: Remedies = {},
): readonly Finding[] {
  return [...unusedLevels(levels, remedies), ...rateSpikes(records), ...skippedUpdates(records)];
}

function unusedLevels(levels: readonly ExaminedLevel[], { unusedLevels: settings = [] }: Remedies): Finding[] {
  const unused = levels.filter(({ rate }) => !(rate >= activeLevelRate));
  if (levels.length < 2 || unused.length === 0) return [];
  const total = levels.reduce((sum, { rate }) => sum + rate, 0);
  return [
    {
      finding: "unused-levels",
      evidence: `${unused.length} of ${levels.length} latents carry less than ${activeLevelRate} nats per example of ${short(total)} in all: ${some(unused.map(({ name }) => name))}`,
      remedy: settings.join("; ") || "a rate without weight at first, or fewer latents",
    },
  ];
}

/** Names as a person reads them: the first few of many. */
const some = (names: readonly string[]): string =>
  names.length > 8 ? `${names.slice(0, 8).join(", ")} and ${names.length - 8} more` : names.join(", ");

/** A rate of so many times what it is before and after is a spike. */
const spike = 5;
/** Nats below which a rate many times another is chance. */
const leastSpike = 1;
/** Reports on either side that a spike is compared with. */
const beside = 5;

/** Metrics of training by name that begin so are rates of latents. */
const prefix = "rate.";

function rateSpikes(records: readonly Measured[]): Finding[] {
  const training = records.filter(({ split }) => split === "train");
  const names = new Set(
    training.flatMap(({ metrics }) => Object.keys(metrics).filter((key) => key.startsWith(prefix))),
  );
  const spikes = [...names].flatMap((name) => {
    const rates = training.flatMap(({ step, metrics: { [name]: rate } }) =>
      rate === undefined ? [] : [{ step, rate }],
    );
    return rates.flatMap(({ step, rate }, i) => {
      const around = [rates.slice(Math.max(0, i - beside), i), rates.slice(i + 1, i + 1 + beside)];
      if (rate < leastSpike || around.some(({ length }) => length < beside)) return [];
      // What stays high has been learned.
      const usual = Math.max(...around.map((side) => median(side.map((other) => other.rate))));
      return rate > spike * usual ? [{ name: name.slice(prefix.length), step, rate, usual }] : [];
    });
  });
  if (spikes.length === 0) return [];
  const worst = spikes.reduce((a, b) => (b.rate / b.usual > a.rate / a.usual ? b : a));
  const found = spikes.length === 1 ? "one such report" : `${spikes.length} such reports`;
  return [
    {
      finding: "rate-spikes",
      evidence: `the rate of ${worst.name} was ${short(worst.rate)} nats at step ${worst.step}, ${short(worst.rate / worst.usual)} times that around it; ${found} of ${some([...new Set(spikes.map(({ name }) => name))])}`,
      remedy:
        "--skip-norm at a few times the median of gradientNorm, --set posterior=residual, or a lower --learning-rate",
    },
  ];
}

/** A fraction of skipped updates that is no longer an exception. */
const mostSkipped = 0.02;

function skippedUpdates(records: readonly Measured[]): Finding[] {
  const training = records.filter(({ split }) => split === "train");
  const last = training.findLast(({ metrics }) => Object.keys(metrics).some((name) => name.endsWith(SKIPPED)));
  if (!last) return [];
  const skipped = Math.max(
    ...Object.entries(last.metrics).flatMap(([name, count]) => (name.endsWith(SKIPPED) ? [count] : [])),
  );
  if (skipped <= mostSkipped * last.step) return [];
  const norms = training.flatMap(({ metrics }) => metrics["gradientNorm"] ?? []);
  const usual = norms.length === 0 ? "" : `; the median of gradientNorm is ${short(median(norms))}`;
  return [
    {
      finding: "skipped-updates",
      evidence: `${skipped} of ${last.step} updates were skipped for the norm of their gradients${usual}`,
      remedy: `a larger --skip-norm${norms.length === 0 ? "" : `, such as ${short(10 * median(norms), 1)}`}; or a lower --learning-rate, or --warmup`,
    },
  ];
}
