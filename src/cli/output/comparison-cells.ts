import type { ComparedRun } from "../../runs/studies/compare-runs.ts";
import { ownPrior } from "../../evaluation/metrics/generated.ts";
import { durationText, metricText } from "./progress.ts";

interface Column {
  readonly heading: string;
  readonly cell: (run: ComparedRun) => string;
}

const resultColumn = (
  heading: string,
  name: string,
  { of, metric }: { readonly of?: string | undefined; readonly metric?: string } = {},
): Column => ({
  heading,
  cell: ({ results }) => {
    const found = results.find(
      (result) =>
        result.name === name &&
        (of === undefined || result.of === of) &&
        (metric === undefined || result.metric === metric),
    );
    return found ? metricText(found.value) : "-";
  },
});

/** The columns that every comparison has. */
const columnsFor = (priors: readonly string[]): readonly Column[] => [
  resultColumn("reconstructions", "frechet", { of: "reconstructions" }),
  ...priors.map((prior) => resultColumn(prior === ownPrior ? "own p(z)" : prior, "frechet", { of: prior })),
  resultColumn("midpoints", "frechet", { of: "midpoints" }),
  resultColumn("nll", "nll"),
  {
    heading: "log p(x)",
    cell: ({ results }) => results.find(({ metric, name }) => metric === "likelihood" && name === "nll")?.note ?? "-",
  },
  // Of clean examples, where the scores of a model may be of corrupted ones.
  resultColumn("mse", "mse", { metric: "reconstruction" }),
];

const last: readonly Column[] = [
  { heading: "parameters", cell: ({ parameters }) => (parameters === 0 ? "-" : String(parameters)) },
  {
    heading: "training",
    cell: ({ trainingSeconds }) => (trainingSeconds === undefined ? "-" : durationText(trainingSeconds)),
  },
];

/** A table of runs: what they reconstruct and generate, and results of `more` metrics. First row and first column are names. */
export function comparisonCells(
  runs: readonly ComparedRun[],
  { priors, more }: { readonly priors: readonly string[]; readonly more: readonly string[] },
): string[][] {
  const others = runs.flatMap(({ results }) => results.filter(({ metric }) => more.includes(metric)));
  const asked = new Map(
    others.map(({ name, of }) => [
      `${name} ${of}`,
      resultColumn(of === undefined ? name : `${name}, ${of}`, name, { of }),
    ]),
  );
  const columns = [...columnsFor(priors), ...asked.values(), ...last];
  return [
    ["", ...columns.map(({ heading }) => heading)],
    ...runs.map((run) => [run.label, ...columns.map(({ cell }) => cell(run))]),
  ];
}
