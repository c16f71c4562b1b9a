/** What the training doctor sees in a denoiser, whose loss is a mean over noise levels of which some cannot be learned better. */
import { type Measured, median, short } from "./diagnosis.ts";
import type { Finding } from "./finding.ts";

/** Reports of a run, at least: fewer say nothing of a loss at one random level for each example. */
const fewestReports = 20;
/** A network that has learned anything of the middle levels is below this part of its loss at the start. */
const learned = 0.95;

/**
 * Findings on a denoiser. At much noise the best it can say is the mean of the data, at little noise there is nothing left to tell apart: what it
 * has to learn is between.
 */
export function diagnoseDenoiser(records: readonly Measured[]): readonly Finding[] {
  const losses = (name: string): readonly number[] =>
    records.flatMap(({ split, metrics: { [name]: loss } }) =>
      // A batch without examples at such levels has none; it had 0 in earlier versions.
      split === "train" && loss !== undefined && loss > 0 ? [loss] : [],
    );
  const middle = losses("lossMiddleNoise");
  if (middle.length < fewestReports) return [];
  const quarter = Math.ceil(middle.length / 4);
  // Of the very start: a network that learns fast has most behind it after a twentieth.
  const start = Math.max(...middle.slice(0, 3));
  const end = median(middle.slice(-quarter));
  if (end < learned * start) return [];
  const [low, high] = ["lossLowNoise", "lossHighNoise"].map((name) => median(losses(name).slice(-quarter)));
  return [
    {
      finding: "noise-levels-not-learned",
      evidence: `the loss at middle noise levels is ${short(end)} after ${short(start)} at the start; at little noise ${short(low!)}, at much ${short(high!)}`,
      remedy: "more --steps, a --learning-rate of 1e-3 or so, or a larger network: --set width, depth or channels",
    },
  ];
}
