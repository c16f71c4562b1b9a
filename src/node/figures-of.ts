import type { Evaluation } from "./evaluate-run.ts";

export interface NamedFigure {
  readonly name: string;
  readonly of?: string;
  readonly value: number;
  readonly standardError?: number;
}

/** The figures of an evaluation in one list. */
export function figuresOf({ scores, likelihood, units, factors }: Evaluation): NamedFigure[] {
  return [
    ...Object.entries(scores ?? {}).map(([name, value]) => ({ name, value })),
    ...(likelihood ? [{ name: "nll", value: likelihood.nll, standardError: likelihood.standardError }] : []),
    ...(units ? [{ name: "active units", value: units.active }] : []),
    ...(factors ? [{ name: "mutual information gap", value: factors.mig }] : []),
  ];
}
