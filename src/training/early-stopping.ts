import type { TrainingState } from "./checkpoint.ts";

/** The best validation so far: its first metric, lower is better, and its step. */
export type Best = NonNullable<TrainingState["best"]>;

/** The better of the best so far and what validation found at `step`; an equal value does not replace an earlier one. */
export function betterOf(best: Best | null, step: number, results: Readonly<Record<string, number>>): Best | null {
  const [first] = Object.entries(results);
  if (!first) return best;
  const [metric, value] = first;
  return best && best.value <= value ? best : { step, metric, value };
}

/**
 * Whether `patience` validations in a row, one an epoch, have brought nothing better. A function of the steps alone, so that a
 * resumed run stops where the whole one does.
 */
export function outOfPatience(
  patience: number | undefined,
  { best, step, stepsPerEpoch }: { readonly best: Best | null; readonly step: number; readonly stepsPerEpoch: number },
): boolean {
  if (patience === undefined || !best) return false;
  return Math.floor(step / stepsPerEpoch) - Math.floor(best.step / stepsPerEpoch) >= patience;
}
