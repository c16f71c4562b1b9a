/** What the training doctor sees in a game of two networks, whose losses say who is ahead, not how good the samples are. */
import { type Measured, median, short } from "./diagnosis.ts";
import type { Finding } from "./finding.ts";

/** How samples compare with as many validation examples. */
export interface Variety {
  readonly count: number;
  /** Fraction of the examples with a sample as near as their fifth neighbor (arXiv:2002.09797, eq. 5): 0.97 for samples of the same distribution. */
  readonly coverage: number;
  /** Median distance from a sample to the nearest other, over that of the examples: 1 for samples of the same distribution, 0 for duplicates. */
  readonly spread: number;
}

export interface GameSymptoms {
  readonly records: readonly Measured[];
  readonly variety?: Variety;
}

/** Steps that report, at least: fewer say nothing of a game. */
const fewestReports = 12;

/** Findings on a discriminator and a generator, the most serious first; none where a run has no such pair. */
export function diagnoseGame({ records, variety }: GameSymptoms): readonly Finding[] {
  const reports = records.filter(({ split, metrics }) => split === "train" && "realAboveFake" in metrics);
  if (reports.length < fewestReports) return [];
  const quarter = Math.ceil(reports.length / 4);
  const of = (name: string, part: readonly Measured[]): number =>
    median(part.map(({ metrics }) => metrics[name] ?? Number.NaN));
  const [early, late] = [reports.slice(0, quarter), reports.slice(-quarter)];
  const game = {
    largestEarly: (name: string) => Math.max(...early.map(({ metrics }) => metrics[name] ?? Number.NaN)),
    late: (name: string) => of(name, late),
    variety,
    records,
  };
  const causes = [modeCollapse, vanishingGradients, discriminatorWon, discriminatorLost, oscillation].flatMap(
    (check) => check(game) ?? [],
  );
  return causes.length > 0 ? causes : [poorSamples(game) ?? []].flat();
}

interface Game {
  readonly largestEarly: (name: string) => number;
  readonly late: (name: string) => number;
  readonly variety: Variety | undefined;
  readonly records: readonly Measured[];
}

/** Of a generator that learned the data, both are near 1. */
const leastCoverage = 0.4;
const leastSpread = 0.3;

function modeCollapse({ variety }: Game): Finding | undefined {
  if (!variety || (variety.coverage >= leastCoverage && variety.spread >= leastSpread)) return undefined;
  const { count, coverage, spread } = variety;
  // Those are poor, not few.
  if (spread >= 1) return undefined;
  return {
    finding: "mode-collapse",
    evidence: `${count} samples cover ${percent(coverage)} of ${count} validation examples, and are ${short(spread)} times as far from each other as those are`,
    remedy:
      "--set loss=relativistic --set penalty=r1-r2, the defaults, or a larger penaltyWeight; --set discriminatorSteps=2; a larger --batch-size",
  };
}

/** Of a generator that is on its way a quarter is covered after a few hundred steps. */
const poorCoverage = 0.25;

/** What is left to say where nothing tells why: of a generator that hardly moved, or too small a one, or stopped early. */
function poorSamples({ variety }: Game): Finding | undefined {
  if (!variety || variety.coverage >= poorCoverage || variety.spread < 1) return undefined;
  const { count, coverage, spread } = variety;
  return {
    finding: "poor-samples",
    evidence: `${count} samples cover ${percent(coverage)} of ${count} validation examples, and are ${short(spread)} times as far from each other as those are: most lie where there are no examples`,
    remedy:
      "more --steps; --set loss=relativistic --set penalty=r1-r2, the defaults, without clip; another --learning-rate, or rateRatio; a larger generator",
  };
}

/** The generator's gradient late in the run, over the largest at its start: where D wins at once, it falls within a few steps. */
const vanished = 1e-3;

function vanishingGradients({ largestEarly, late }: Game): Finding | undefined {
  const [before, now] = [largestEarly("generator.gradientNorm"), late("generator.gradientNorm")];
  if (!(now < vanished * before)) return undefined;
  return {
    finding: "vanishing-gradients",
    evidence: `the generator's gradient norm fell from ${short(before)} to ${short(now)}, while ${percent(late("realAboveFake"))} of examples score above the sample beside them: the discriminator passes no slope on`,
    remedy:
      "--set loss=non-saturating in place of minimax, or relativistic; a penalty (r1-r2); --set rateRatio=0.5, or fewer discriminatorSteps",
  };
}

/** Almost every pair is told apart, by a loss that has nothing left to gain. */
const wonPairs = 0.995;
const wonLoss = 0.05;

function discriminatorWon({ late }: Game): Finding | undefined {
  const [pairs, loss] = [late("realAboveFake"), late("discriminator")];
  if (!(pairs >= wonPairs && loss >= 0 && loss < wonLoss)) return undefined;
  return {
    finding: "discriminator-won",
    evidence: `its loss is ${short(loss)}, and ${percent(pairs)} of examples score above the sample beside them: it has nothing left to learn, and the generator little to learn from`,
    remedy:
      "a larger penaltyWeight, or a penalty (r1-r2); --set rateRatio=0.5; fewer discriminatorSteps; a larger generator",
  };
}

/** Pairs are told apart by chance. */
const lostPairs = 0.55;
const fairCoverage = 0.7;

function discriminatorLost({ late, variety }: Game): Finding | undefined {
  const pairs = late("realAboveFake");
  if (!(pairs < lostPairs && variety && variety.coverage < fairCoverage)) return undefined;
  return {
    finding: "discriminator-lost",
    evidence: `only ${percent(pairs)} of examples score above the sample beside them, though the samples cover ${percent(variety.coverage)} of the validation examples: it does not see the difference`,
    remedy: "a wider discriminator; --set rateRatio=2 or discriminatorSteps=2; a smaller penaltyWeight",
  };
}

/** Turns of the validation metric in the second half of a run, each larger than this fraction of it. */
const turn = 0.25;
const manyTurns = 4;

function oscillation({ records }: Game): Finding | undefined {
  const validations = records.filter(({ split }) => split === "validation");
  const [metric] = Object.keys(validations[0]?.metrics ?? {});
  if (metric === undefined) return undefined;
  const values = validations.slice(Math.floor(validations.length / 2)).map(({ metrics }) => metrics[metric]!);
  const turns = turnsOf(values);
  if (turns < manyTurns) return undefined;
  return {
    finding: "oscillation",
    evidence: `validation ${metric} turned ${turns} times by more than ${percent(turn)} in the second half of the run, between ${short(Math.min(...values))} and ${short(Math.max(...values))}`,
    remedy: "a lower --learning-rate, or --schedule cosine; --ema 0.999; a larger penaltyWeight; --beta1 0",
  };
}

/** Changes of direction, each move between two of them larger than `turn` of where it began. */
function turnsOf(values: readonly number[]): number {
  let [turns, from, direction] = [0, values[0] ?? 0, 0];
  for (const value of values) {
    const move = Math.sign(value - from);
    if (move === direction || Math.abs(value - from) > turn * Math.abs(from)) {
      if (move !== direction && direction !== 0) turns++;
      [from, direction] = [value, move === 0 ? direction : move];
    }
  }
  return turns;
}

const percent = (fraction: number): string => `${short(100 * fraction, 3)} %`;
