import { ConfigError } from "../../errors.ts";
import { likeliestClasses } from "../codes/cluster-labels.ts";

export interface ClassBalance {
  /** Fraction of each class among the examples, and among the samples. */
  readonly examples: readonly number[];
  readonly samples: readonly number[];
  /** The class whose fraction among the samples differs most from that among the examples, relative to the latter. */
  readonly worst: number;
  /** |sample fraction / example fraction - 1| of that class: 0 where all are as frequent as in the data, 1 for a class that is missing. */
  readonly deviation: number;
}

/**
 * How often each class occurs among samples and among real examples, both by the class that a classifier finds most probable. `probabilities` are
 * [count, classes]; any increasing function of them does as well. A class without examples is left out of the comparison. Throws
 * ConfigError where the numbers are not rows of so many classes.
 *
 * @example
 * const examples = Float32Array.of(0.9, 0.1, 0.2, 0.8);
 * const samples = Float32Array.of(0.9, 0.1, 0.8, 0.2); // all of class 0
 * classBalance({ examples, samples }, 2).deviation; // 1
 */
export function classBalance(
  probabilities: { readonly examples: Float32Array; readonly samples: Float32Array },
  classes: number,
): ClassBalance {
  const examples = fractions(probabilities.examples, classes);
  const samples = fractions(probabilities.samples, classes);
  const deviations = examples.map((fraction, c) => (fraction === 0 ? 0 : Math.abs(samples[c]! / fraction - 1)));
  const deviation = Math.max(...deviations);
  return { examples, samples, worst: deviations.indexOf(deviation), deviation };
}

function fractions(probabilities: Float32Array, classes: number): readonly number[] {
  const count = probabilities.length / classes;
  if (!Number.isInteger(count) || count < 1)
    throw new ConfigError(
      `class balance: not rows of ${classes} classes, got ${probabilities.length} numbers, expected a multiple of ${classes}`,
    );
  const found = Array.from({ length: classes }, () => 0);
  for (const c of likeliestClasses(probabilities, classes)) found[c]! += 1 / count;
  return found;
}
