/** Epochs of fewer steps than these are short. */
const shortEpoch = 10;
/** Short epochs looked at one by one, at the start of a run. */
const firstEpochs = 100;
/** Steps between looks at the later ones, at least. */
const stepsApart = 50;

/** The part of the training time that looks with samples may take, about. */
const share = 0.1;

/** Epochs between looks, at most. */
export const epochsApart = (stepsPerEpoch: number): number =>
  stepsPerEpoch >= shortEpoch ? 1 : Math.ceil(stepsApart / stepsPerEpoch);

/**
 * Whether training stops after an epoch, counted from 1, to validate and to save a checkpoint: after each, but of short epochs after
 * the hundredth only as often as every 50 steps, since validation would take most of the time there. Patience that is given counts epochs,
 * and has each looked at. A function of the epoch alone, so that a resumed run stops for the same ones.
 */
export function isReviewed(
  epoch: number,
  { stepsPerEpoch, patience }: { readonly stepsPerEpoch: number; readonly patience?: number | undefined },
): boolean {
  return epoch <= firstEpochs || (patience ?? 0) > 0 || epoch % epochsApart(stepsPerEpoch) === 0;
}

/**
 * Epochs between looks with samples, by what one costs in training steps of one example: as many as make it about a tenth of the time. A function
 * of sizes and never of the clock, so that a resumed run looks at the same epochs.
 */
export const epochsFor = (cost: number, examples: number): number => Math.max(1, Math.ceil(cost / (share * examples)));

/** Whether a step completes an epoch whose number is a multiple of `every`; a step of many batches may complete several. */
export const completesMultiple = (
  every: number,
  { before, after }: { readonly before: number; readonly after: number },
): boolean => Math.floor(after / every) > Math.floor(before / every);
