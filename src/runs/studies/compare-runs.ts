import { ConfigError, LatentkitError } from "../../errors.ts";
import type { ModelDefinition } from "../../models/definition.ts";
import type { Model } from "../../models/model.ts";
import type { RunInfo } from "../run-info.ts";
import { parameters } from "../../nn/module.ts";
import type { TrainingSettings } from "../../training/settings.ts";
import { completeRun, type CompletingEvent } from "./complete-run.ts";
import { comparedPictures } from "../reports/comparison-report.ts";
import type { DataOptions, OnLoadProgress } from "../../data/options.ts";
import type { EvaluationRequest } from "../evaluate-run.ts";
import { loadRun, type LoadedRun } from "../load-run.ts";
import { findMetric } from "../../evaluation/metrics/index.ts";
import { evaluatedRun, type EvaluatedRun, type EvaluatingEvent } from "./evaluated-run.ts";
import type { RunRequest } from "../start-run.ts";
import { type Platform, withLoadProgress } from "../platform.ts";
import type { ReportPicture } from "../reports/report-html.ts";
import { Run } from "../run.ts";
import { trainingSeconds } from "../stages/training-seconds.ts";
import { parentPath, readRunData } from "../run-spec.ts";
import { version } from "../../version.ts";

/** A contestant: an existing run, or a model to train. */
export type Contestant =
  | { readonly label: string; readonly path: string }
  | ({ readonly label: string } & Pick<RunRequest, "definition" | "modelFile" | "config">);

export interface ComparisonRequest {
  readonly contestants: readonly Contestant[];
  /** Folder of the runs that are trained, and of their metrics. */
  readonly out: string;
  /** Training data; needed where there is a model to train. */
  readonly data?: string;
  readonly dataOptions: DataOptions;
  readonly settings: Partial<TrainingSettings>;
  readonly seed: number;
  readonly measuring: EvaluationRequest;
  readonly onLoadProgress?: OnLoadProgress;
}

export interface ComparedRun extends EvaluatedRun {
  readonly label: string;
  readonly path: string;
  readonly model: string;
  readonly parameters: number;
  readonly trainingSeconds?: number;
  /** Whether its likelihood is of binary data, not a density. */
  readonly binaryData: boolean;
  /** What its likelihood is of: likelihoods of different kinds do not compare. */
  readonly likelihoodOf: string;
  /** Whether it is conditional: its likelihood is then that of an example given its label. */
  readonly conditional: boolean;
  readonly pictures: readonly ReportPicture[];
}

export type ComparisonEvent = { readonly kind: "run"; readonly label: string } | CompletingEvent | EvaluatingEvent;

/**
 * Trains the models not trained yet, resuming where it stopped, and evaluates each run on the same examples. An
 * aborted `signal` saves a checkpoint and returns undefined. Throws ConfigError where runs are not of the same data.
 */
export async function* compareRuns(
  request: ComparisonRequest,
  on: Platform,
  signal?: AbortSignal,
): AsyncGenerator<ComparisonEvent, readonly ComparedRun[] | undefined> {
  const { contestants, out, settings, measuring, onLoadProgress } = request;
  const platform = withLoadProgress(on, onLoadProgress);
  await refuseOtherData(
    contestants.flatMap((each) => ("path" in each ? [each.path] : [])),
    request,
    platform,
  );
  if (request.data === undefined && contestants.some((each) => !("path" in each)))
    throw new ConfigError("compare: no data to train on, got no --data, expected that of the runs or models");
  const store = platform.openStore(out);
  await store.makeFolder("");
  const { device } = await platform.pickDevice(settings.device ?? "auto", settings.threads ?? 0);
  const trained: { readonly label: string; readonly path: string; readonly failure?: LatentkitError }[] = [];
  for (const contestant of contestants) {
    if ("path" in contestant) {
      trained.push(contestant);
      continue;
    }
    const { label } = contestant;
    yield { kind: "run", label };
    const path = `${out}/${folderName(label)}`;
    try {
      if (!(yield* completed(path, contestant, { ...request, data: request.data ?? "" }, platform, signal)))
        return undefined;
      trained.push({ label, path });
    } catch (error) {
      // A model that cannot be trained takes nothing from the others.
      if (!(error instanceof LatentkitError)) throw error;
      trained.push({ label, path, failure: error });
    }
  }
  const [first] = trained;
  if (first?.failure && trained.every(({ failure }) => failure)) throw first.failure;

  const runs: ComparedRun[] = [];
  for (const { label, path, failure } of trained) {
    if (signal?.aborted) return undefined;
    if (failure) {
      runs.push(untrained(label, path, failure));
      continue;
    }
    yield { kind: "run", label };
    const loaded = await loadRun(path, device, platform);
    const file = `${folderName(label)}.json`;
    const measured = yield* evaluatedRun({ store, file }, loaded, comparable(loaded, measuring));
    const { model } = loaded.trained;
    const { info } = loaded.run;
    const seconds = await trainingSeconds(loaded.run, platform);
    runs.push({
      label,
      path,
      model: info.model,
      parameters: [...parameters(model).values()].reduce((sum, { size }) => sum + size, 0),
      ...(seconds !== undefined && { trainingSeconds: seconds }),
      binaryData: model.binaryData ?? false,
      likelihoodOf: likelihoodOf(model, loaded.run),
      conditional: model.condition?.required === true,
      pictures: await comparedPictures(loaded, measuring),
      ...measured,
    });
  }
  return runs;
}

/** What of a request compares a run with the others: of one trained on codes its decoded samples, for the rest is of codes. */
const comparable = ({ run }: LoadedRun, request: EvaluationRequest): EvaluationRequest =>
  run.info.parent && request.metrics
    ? { ...request, metrics: request.metrics.filter((name) => findMetric(name).generates) }
    : request;

/** A row of a comparison for a model that could not be trained. */
const untrained = (label: string, path: string, { message }: LatentkitError): ComparedRun => ({
  label,
  path,
  model: label,
  parameters: 0,
  binaryData: false,
  likelihoodOf: "densities of real numbers",
  conditional: false,
  pictures: [],
  latentkit: version,
  request: {},
  weights: "",
  examples: 0,
  results: [],
  conditions: {},
  warnings: [],
  failed: { training: message },
});

/** What the likelihood of a run is of, with the binarization it was trained and is measured with: those of different ones do not compare. */
function likelihoodOf({ binaryData, levels }: Model, run: Run): string {
  const { binarize } = readRunData(run);
  if (binaryData) return `probabilities of binary data${binarize === "none" ? "" : `, ${binarize} binarization`}`;
  if (levels !== undefined) return `probabilities of ${levels} levels`;
  const categories = run.info.data.columns?.some(({ kind }) => kind === "category");
  return categories ? "probabilities and densities of columns" : "densities of real numbers";
}

function completed(
  path: string,
  { definition, modelFile, config }: Extract<Contestant, { definition: ModelDefinition }>,
  { data, dataOptions, settings, seed }: ComparisonRequest & { readonly data: string },
  platform: Platform,
  signal: AbortSignal | undefined,
) {
  const run = { definition, modelFile, config, settings, data, binarize: "auto" as const, seed, ...dataOptions };
  return completeRun(path, run, platform, signal);
}

/** A label as the name of a folder: `vae beta=4` is vae-beta-4. */
export const folderName = (label: string): string => label.replace(/[^a-zA-Z0-9.]+/g, "-").replace(/^[-.]+|-+$/g, "");

/** What a run generates examples of: its data, or of codes those that they are of. Throws CheckpointError where a run is none. */
async function generatedData(path: string, platform: Platform): Promise<RunInfo> {
  const run = await Run.open(platform.openStore(path));
  return run.info.parent ? generatedData(parentPath(run), platform) : run.info;
}

/** The options that determine a run's examples and splits; binarization may differ. */
const dataOf = ({ data: { fingerprint, options } }: RunInfo): string => {
  const { binarize: _, ...reading } = options;
  return JSON.stringify([fingerprint, reading]);
};

/** Throws ConfigError where runs, or the data that models are to be trained on, are not of the same data and splits. */
async function refuseOtherData(
  paths: readonly string[],
  { data, dataOptions }: Pick<ComparisonRequest, "data" | "dataOptions">,
  platform: Platform,
): Promise<void> {
  const opened = await Promise.all(paths.map((path) => generatedData(path, platform)));
  const all = opened.map((info, i) => ({ of: dataOf(info), name: `${info.data.source} of ${paths[i]}` }));
  if (data !== undefined && all.length > 0) {
    const { fingerprint } = await platform.openData(data, dataOptions);
    all.push({ of: JSON.stringify([fingerprint, dataOptions]), name: data });
  }
  const other = all.find(({ of }) => of !== all[0]!.of);
  if (other)
    throw new ConfigError(
      `compare: runs of different data, got ${all[0]!.name} and ${other.name}, expected the same examples and splits`,
    );
}
