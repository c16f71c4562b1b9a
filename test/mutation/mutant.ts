import { createHash } from "node:crypto";

/** One small change of a source file. */
export interface Mutant {
  /** Path from the project's root. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** Where the changed text begins and ends in the file. */
  readonly start: number;
  readonly end: number;
  readonly before: string;
  readonly after: string;
  /** The trimmed line that it is in, for people and for `key`. */
  readonly code: string;
  /** Which of the file's equal changes of equal lines this is, from 0. */
  readonly occurrence: number;
}

/** Names a mutant as long as its line stays as it is, wherever in the file that is. */
export const keyOf = ({ file, code, before, after, occurrence }: Omit<Mutant, "line" | "start" | "end">): string =>
  JSON.stringify([file, code, before, after, occurrence]);

/** The file's text with the change. */
export const mutated = (text: string, { start, end, after }: Mutant): string =>
  text.slice(0, start) + after + text.slice(end);

/**
 * The `count` mutants of the smallest hashes by seed: a random sample that hardly changes where other lines of the sources do, so
 * that one of before and one of after a change of the tests are of the same mutants.
 */
export function sampled(mutants: readonly Mutant[], count: number, seed: number): readonly Mutant[] {
  const hash = (mutant: Mutant): string =>
    createHash("sha256")
      .update(`${seed} ${keyOf(mutant)}`)
      .digest("hex");
  return mutants
    .map((mutant) => ({ mutant, order: hash(mutant) }))
    .toSorted((a, b) => (a.order < b.order ? -1 : 1))
    .slice(0, count)
    .map(({ mutant }) => mutant);
}

/** Wilson's 95 % interval of a fraction. */
export function interval(successes: number, count: number): readonly [low: number, high: number] {
  const z = 1.959964;
  const p = successes / count;
  const center = p + z ** 2 / (2 * count);
  const half = z * Math.sqrt((p * (1 - p)) / count + z ** 2 / (4 * count ** 2));
  return [(center - half) / (1 + z ** 2 / count), (center + half) / (1 + z ** 2 / count)];
}
