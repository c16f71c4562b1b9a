import { drawnExamples } from "../../data/examples/drawn-examples.ts";
import type { Binarization } from "../../data/binarize.ts";
import type { DataSource, Split } from "../../data/split.ts";
import { LatentkitError } from "../../errors.ts";
import { parameters } from "../../nn/module.ts";
import { type LineChartOptions, lineChart } from "../../pictures/line-chart.ts";
import { encodePng } from "../../pictures/png.ts";
import { scatterChart } from "../../pictures/scatter-chart.ts";
import { gridRaster } from "../../kinds/registry.ts";
import type { RunInfo } from "../run-info.ts";
import type { ModelDefinition } from "../../models/definition.ts";
import { lacking } from "../../evaluation/capabilities.ts";
import type { TrainedModel } from "../../evaluation/trained-model.ts";
import type { MetricsRecord } from "../storage/metrics-log.ts";
import { type Report, reportHtml } from "./report-html.ts";
import type { Run } from "../run.ts";
import { readRunData } from "../run-spec.ts";
import { readFilm } from "../pictures/film.ts";
import type { CodesRun } from "../codes/run-prior.ts";
import { decodedGrids } from "../pictures/decoded-grids.ts";
import { type NamedImageGrid, trainingGrids } from "../pictures/training-pictures.ts";

export interface ReportedRun {
  readonly run: Run;
  readonly trained: TrainedModel;
  readonly definition: Pick<ModelDefinition, "summary" | "paper">;
  /** Opens the run's data. */
  readonly openData: () => Promise<DataSource>;
  /** Of a run that may have been trained on codes. */
  readonly openParent?: CodesRun["openParent"];
  /** Pictures, where they are made already. */
  readonly grids?: readonly NamedImageGrid[];
}

/** Writes `reportPage` as `report.html` into the run, and returns its path. Throws ConfigError where the disk refuses. */
export async function writeReport(reported: ReportedRun): Promise<string> {
  const { store } = reported.run;
  const file = "report.html";
  await store.write(file, await reportPage(reported));
  return store.pathOf(file);
}

/** The report of a run as one HTML file. Where the run's data are gone, the report says so and lacks what needs them. */
export const reportPage = async (reported: ReportedRun): Promise<string> => reportHtml(await reportOf(reported));

async function reportOf({ run, trained, definition, openData, openParent, grids: made }: ReportedRun): Promise<Report> {
  const { info } = run;
  const notes: string[] = [];
  const source = await attempt(openData, notes);
  const own = made ?? (source && (await trainingGrids({ trained, source }))) ?? [];
  const decoded = !made && openParent && (await attempt(() => decodedGrids({ run, trained, openParent }), notes));
  const grids = [...own, ...(decoded || [])];
  const records: MetricsRecord[] = [];
  for await (const record of run.metrics()) records.push(record);
  const data = readRunData(run);
  const map = source && (await attempt(() => codesMap(trained, source.validation, data.binarize), notes));
  const film = await attempt(() => readFilm(run), notes);
  return {
    title: `${info.model} on ${source?.name ?? info.data.source}`,
    summary: `${definition.summary} (${definition.paper}).`,
    card: card(info, trained, source),
    results: results(info, records),
    findings: info.result?.findings ?? [],
    charts: charts(records),
    maps: map ? [map] : [],
    pictures: [
      ...grids.map(({ title, grid }) => ({ title, bytes: encodePng(gridRaster(grid)) })),
      ...(film ? [{ title: "during training", bytes: film, type: "gif" as const }] : []),
    ],
    notes,
  };
}

/** The result of a function, or nothing and a note of its error. */
async function attempt<T>(make: () => Promise<T>, notes: string[]): Promise<T | undefined> {
  try {
    return await make();
  } catch (error) {
    if (!(error instanceof LatentkitError)) throw error;
    notes.push(error.message);
    return undefined;
  }
}

const mostCodes = 1000;

/** Codes of validation examples in the two dimensions of highest variance; nothing where a model has no such codes. */
async function codesMap(trained: TrainedModel, split: Split, binarize: Binarization): Promise<string | undefined> {
  if (lacking(trained.model, ["encode", "vector"]) || trained.latentDim < 2) return undefined;
  const { dataset, indices } = drawnExamples(split, mostCodes);
  const count = indices.length;
  if (count === 0) return undefined;
  const { means: codes } = await trained.codes({ dataset, indices }, { binarize });
  const { latentDim } = trained;
  const variances = Array.from({ length: latentDim }, (_, d) => variance(codes.filter((_v, i) => i % latentDim === d)));
  const [right, up] = [...variances.keys()]
    .toSorted((a, b) => variances[b]! - variances[a]!)
    .slice(0, 2)
    .toSorted((a, b) => a - b) as [number, number];
  const points = new Float32Array(2 * count);
  for (let i = 0; i < count; i++) points.set([codes[i * latentDim + right]!, codes[i * latentDim + up]!], 2 * i);
  const { labels, classNames } = dataset;
  return scatterChart({
    title: `codes of ${count} validation examples`,
    points,
    axes: [`z${right}`, `z${up}`],
    ...(labels && classNames && { classes: { of: Array.from(indices, (i) => labels[i]!), names: classNames } }),
  });
}

function variance(values: Float32Array): number {
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  return values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length;
}

function card(info: RunInfo, trained: TrainedModel, source: DataSource | undefined): Report["card"] {
  const { data, result } = info;
  const examples = source && [source.train, source.validation, source.test].map(({ indices }) => indices.length);
  const count = [...parameters(trained.model).values()].reduce((sum, { size }) => sum + size, 0);
  const rows = (values: object): (readonly [string, string])[] =>
    Object.entries(values).map(([name, value]) => [name, Array.isArray(value) ? value.join(",") : String(value)]);
  const best = result?.best;
  return [
    [
      "Data",
      [
        ["source", data.source],
        ...(source ? [["description", source.description] as const] : []),
        ["fingerprint", data.fingerprint],
        ["shape of an example", `[${data.shape.join(", ")}]`],
        ...(examples
          ? [["examples", `${examples[0]} training, ${examples[1]} validation, ${examples[2]} test`] as const]
          : []),
        ...rows(data.options),
      ],
    ],
    ["Model", [["name", info.model], ["parameters", String(count)], ...rows(info.config)]],
    ["Training", [...rows(info.training), ["seed", String(info.seed)]]],
    ...(info.selection ? [["Selection", rows(info.selection)] as const] : []),
    [
      "Run",
      [
        ...(result
          ? ([
              ["steps", String(result.step)],
              ["time", `${result.seconds} s`],
              ["weights of step", String(result.weights)],
            ] as const)
          : [["state", "not finished"] as const]),
        ...(best ? [["best validation", `${best.metric} ${number(best.value)} at step ${best.step}`] as const] : []),
        ["created", info.created],
        ["device", info.device],
        [
          "versions",
          Object.entries({ latentkit: info.latentkit, ...info.versions })
            .map(([name, version]) => `${name} ${version}`)
            .join(", "),
        ],
        ["command", info.command.join(" ")],
      ],
    ],
  ];
}

/** Metrics of the weights that the run is evaluated with, means per example. */
function results({ result, selection }: RunInfo, records: readonly MetricsRecord[]): Report["results"] {
  const weights = result?.weights ?? Infinity;
  const validation = records.findLast(({ split, step }) => split === "validation" && step <= weights)?.metrics;
  const test = records.findLast(({ split }) => split === "test")?.metrics;
  const names = Object.keys(test ?? validation ?? {});
  if (names.length === 0) return [];
  const row = (split: string, found: Readonly<Record<string, number>> = {}): readonly string[] => [
    split,
    ...names.map((name) => number(found[name] ?? Number.NaN)),
  ];
  return [
    [selection ? "metric" : "mean per example", ...names],
    ...(validation ? [row("validation", validation)] : []),
    ...(test ? [row("test", test)] : []),
  ];
}

/** A chart for each metric, training and validation in it, the gradient's norm last. */
function charts(records: readonly MetricsRecord[]): readonly string[] {
  const of = (split: MetricsRecord["split"]) => records.filter((record) => record.split === split);
  const [train, validation] = [of("train"), of("validation")];
  const names = [...new Set([...validation, ...train].flatMap(({ metrics }) => Object.keys(metrics)))];
  const isNorm = (name: string): boolean => name.endsWith("gradientNorm");
  const points = (from: readonly MetricsRecord[], name: string): LineChartOptions["series"][number]["points"] =>
    from.flatMap(({ step, metrics }) => (metrics[name] === undefined ? [] : [[step, metrics[name]] as const]));
  return (
    names
      .toSorted((a, b) => Number(isNorm(a)) - Number(isNorm(b)))
      // A loss that is one of the other metrics is shown once.
      .filter((name, i, all) => !all.slice(0, i).some((earlier) => same(points(train, name), points(train, earlier))))
      .map((name) =>
        lineChart({
          title: name,
          xLabel: "step",
          series: [
            { name: "train", color: "#4c78a8", points: points(train, name) },
            { name: "validation", color: "#f58518", points: points(validation, name) },
          ].filter((series) => series.points.length > 0),
        }),
      )
      .filter((chart) => chart !== "")
  );
}

const same = (a: LineChartOptions["series"][number]["points"], b: typeof a): boolean =>
  a.length > 0 && a.length === b.length && a.every(([x, y], i) => b[i]![0] === x && b[i]![1] === y);

const number = (value: number): string => (Number.isFinite(value) ? String(Number(value.toPrecision(5))) : "");
