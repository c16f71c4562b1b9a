import type { ComparedRun } from "../../runs/studies/compare-runs.ts";
import { ownPrior } from "../../evaluation/metrics/generated.ts";
import { durationText, metricText } from "./progress.ts";

interface Column {
  readonly heading: string;
  readonly cell: (run: ComparedRun) => string;
}

const figureColumn = (
  heading: string,
  name: string,
  { of, measure }: { readonly of?: string | undefined; readonly measure?: string } = {},
): Column => ({
  heading,
  cell: ({ figures }) => {
    const found = figures.find(
      (figure) =>
        figure.name === name &&
        (of === undefined || figure.of === of) &&
        (measure === undefined || figure.measure === measure),
    );
    return found ? metricText(found.value) : "-";
  },
});

/** The columns that every comparison has. */
const columnsFor = (priors: readonly string[]): readonly Column[] => [
  figureColumn("reconstructions", "frechet", { of: "reconstructions" }),
  ...priors.map((prior) => figureColumn(prior === ownPrior ? "own p(z)" : prior, "frechet", { of: prior })),
  figureColumn("midpoints", "frechet", { of: "midpoints" }),
  figureColumn("nll", "nll"),
  // Of clean examples, where the scores of a model may be of corrupted ones.
  figureColumn("mse", "mse", { measure: "reconstruction" }),
];

const last: readonly Column[] = [
  { heading: "parameters", cell: ({ parameters }) => (parameters === 0 ? "-" : String(parameters)) },
  {
    heading: "training",
    cell: ({ trainingSeconds }) => (trainingSeconds === undefined ? "-" : durationText(trainingSeconds)),
  },
];

/** A table of runs: what they reconstruct and generate, and figures of `more` measures. First row and first column are names. */
export function comparisonCells(
  runs: readonly ComparedRun[],
  { priors, more }: { readonly priors: readonly string[]; readonly more: readonly string[] },
): string[][] {
  const others = runs.flatMap(({ figures }) => figures.filter(({ measure }) => more.includes(measure)));
  const asked = new Map(
    others.map(({ name, of }) => [
      `${name} ${of}`,
      figureColumn(of === undefined ? name : `${name}, ${of}`, name, { of }),
    ]),
  );
  const columns = [...columnsFor(priors), ...asked.values(), ...last];
  return [
    ["", ...columns.map(({ heading }) => heading)],
    ...runs.map((run) => [run.label, ...columns.map(({ cell }) => cell(run))]),
  ];
}
