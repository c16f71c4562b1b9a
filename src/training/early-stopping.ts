import type { TrainingState } from "./checkpoint.ts";
import { epochsApart } from "./validation-schedule.ts";

/** The best validation so far: its first metric, lower is better, and its step. */
export type Best = NonNullable<TrainingState["best"]>;

/** The better of the best so far and what validation found at `step`; an equal value does not replace an earlier one. */
export function betterOf(best: Best | null, step: number, results: Readonly<Record<string, number>>): Best | null {
  const [first] = Object.entries(results);
  if (!first) return best;
  const [metric, value] = first;
  return best && best.value <= value ? best : { step, metric, value };
}

/** Epochs of patience and validations in them, at least, where nobody says how many. */
const leastPatience = 20;
const leastValidations = 4;

/**
 * Epochs without a better validation after which training stops: as given; a quarter of the planned ones where nothing is, but at least
 * 20 and several validations, which are not after every epoch where epochs are short; undefined for 0, which trains to the end and keeps
 * the last weights, and where nothing is given by distances of samples: adversarial training gets worse and then better again.
 */
export function epochsOfPatience(
  given: number | undefined,
  {
    steps,
    stepsPerEpoch,
    validateEvery = epochsApart(stepsPerEpoch),
    bySamples = false,
  }: {
    readonly steps: number;
    readonly stepsPerEpoch: number;
    readonly validateEvery?: number | undefined;
    readonly bySamples?: boolean;
  },
): number | undefined {
  if (given !== undefined) return given === 0 ? undefined : given;
  if (bySamples) return undefined;
  const quarter = Math.ceil(steps / stepsPerEpoch / 4);
  return Math.max(leastPatience, leastValidations * validateEvery, quarter);
}

/**
 * Whether so many epochs in a row have brought nothing better, where every `validateEvery`-th is validated. A function of the steps alone, so that
 * a resumed run stops where the whole one does. `epochsAt`: the epochs that are complete after a step.
 */
export function outOfPatience(
  patience: number | undefined,
  {
    best,
    step,
    epochsAt,
    validateEvery = 1,
  }: {
    readonly best: Best | null;
    readonly step: number;
    readonly epochsAt: (step: number) => number;
    readonly validateEvery?: number | undefined;
  },
): boolean {
  if (patience === undefined || !best) return false;
  const validated = validateEvery * Math.floor(epochsAt(step) / validateEvery);
  return validated - epochsAt(best.step) >= patience;
}
