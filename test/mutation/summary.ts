import { interval, keyOf, type Mutant } from "./mutant.ts";
import type { Equivalent, MutationRecord, Outcome } from "./record.ts";

interface Tally {
  readonly killed: number;
  readonly survived: number;
  readonly equivalent: number;
}

export interface Summary extends Tally {
  /** Mutants of which these are all or a sample. */
  readonly of: number;
  /** The fraction of those that are not equivalent, with its 95 % interval where these are a sample. */
  readonly fraction: number;
  readonly interval: readonly [low: number, high: number];
  readonly folders: Readonly<Record<string, Tally>>;
  readonly survivors: readonly Outcome[];
}

/** Mutants that were tried, by what became of them. */
export function summaryOf(
  mutants: readonly Mutant[],
  options: {
    readonly record: MutationRecord;
    readonly known: ReadonlyMap<string, Equivalent>;
    readonly count: number;
  },
): Summary {
  const { record, known, count } = options;
  const tally = { killed: 0, survived: 0, equivalent: 0 };
  const folders: Record<string, typeof tally> = {};
  const survivors: Outcome[] = [];
  for (const mutant of mutants) {
    const outcome = record.of(mutant);
    const equivalent = known.has(keyOf(mutant));
    if (!outcome && !equivalent) continue;
    const kind = equivalent ? "equivalent" : outcome?.killedBy === undefined ? "survived" : "killed";
    const folder = (folders[mutant.file.split("/").slice(0, 2).join("/")] ??= {
      killed: 0,
      survived: 0,
      equivalent: 0,
    });
    folder[kind] += 1;
    tally[kind] += 1;
    if (kind === "survived" && outcome) survivors.push(outcome);
  }
  const tried = tally.killed + tally.survived;
  return {
    ...tally,
    of: count,
    fraction: tally.killed / tried,
    interval: interval(tally.killed, tried),
    folders,
    survivors: survivors.toSorted((a, b) => (a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1)),
  };
}

/** The summary for people: survivors first. */
export function described({ survivors, folders, killed, survived, equivalent, of, ...all }: Summary): string {
  const percent = (fraction: number): string => `${(100 * fraction).toFixed(1)} %`;
  const [low, high] = all.interval;
  return [
    ...survivors.map(({ file, line, before, after, code }) => `${file}:${line} ${before} -> ${after}   ${code}`),
    ...Object.entries(folders).map(
      ([folder, tally]) =>
        `${folder}: ${tally.killed} killed, ${tally.survived} survived, ${tally.equivalent} equivalent`,
    ),
    `${killed} of ${killed + survived} killed, ${percent(all.fraction)} (95 %: ${percent(low)} to ${percent(high)}); ${equivalent} equivalent, of ${of} mutants`,
  ].join("\n");
}
