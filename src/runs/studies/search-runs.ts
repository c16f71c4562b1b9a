import { ConfigError, DivergedError } from "../../errors.ts";
import type { TrainingSettings } from "../../training/settings.ts";
import { completeRun, type CompletingEvent } from "./complete-run.ts";
import type { DataOptions, OnLoadProgress } from "../../data/options.ts";
import type { EvaluationRequest } from "../evaluate-run.ts";
import { has } from "../../evaluation/capabilities.ts";
import { metrics } from "../../evaluation/metrics/index.ts";
import { type LoadedRun, loadRun } from "../load-run.ts";
import { type EvaluatedResult, evaluatedRun, type EvaluatingEvent } from "./evaluated-run.ts";
import type { RunRequest } from "../start-run.ts";
import { type Platform, withLoadProgress } from "../platform.ts";

/** Settings to try. */
export interface Trial {
  readonly label: string;
  readonly config: object;
  readonly settings: Partial<TrainingSettings>;
}

export interface SearchRequest extends Pick<RunRequest, "definition" | "modelFile"> {
  readonly trials: readonly Trial[];
  /** Folder of their runs, trial-1 and so on. */
  readonly out: string;
  readonly data: string;
  readonly dataOptions: DataOptions;
  readonly seed: number;
  /** A metric of evaluate or a value of one; by default nll of a model with a likelihood, else what selects the weights of a run. */
  readonly metric?: string | undefined;
  readonly measuring: Omit<EvaluationRequest, "metrics" | "lacking">;
  readonly onLoadProgress?: OnLoadProgress;
}

export interface TriedRun {
  readonly trial: Trial;
  readonly path: string;
  /** Null where training diverged. */
  readonly result: EvaluatedResult | null;
  readonly trainingSeconds: number;
}

/**
 * Trains and evaluates each trial, resuming where it stopped: yields its progress and returns all. One that diverges has no value.
 * An aborted `signal` saves a checkpoint and returns undefined. Throws ConfigError where the metric is none of those evaluated.
 */
export async function* searchRuns(
  request: SearchRequest,
  on: Platform,
  signal?: AbortSignal,
): AsyncGenerator<
  { readonly kind: "run"; readonly label: string } | CompletingEvent | EvaluatingEvent,
  readonly TriedRun[] | undefined
> {
  const { definition, modelFile, trials, out, data, dataOptions, seed, measuring } = request;
  const platform = withLoadProgress(on, request.onLoadProgress);
  const tried: TriedRun[] = [];
  for (const [i, trial] of trials.entries()) {
    const { label, config, settings } = trial;
    const path = `${out}/trial-${i + 1}`;
    yield { kind: "run", label: `trial ${i + 1} of ${trials.length}: ${label}` };
    try {
      const run = { definition, modelFile, config, settings, data, binarize: "auto" as const, seed, ...dataOptions };
      const done = yield* completeRun(path, run, platform, signal);
      if (!done) return undefined;
      const { device } = await platform.pickDevice(settings.device ?? "auto", settings.threads ?? 0);
      const loaded = await loadRun(path, device, platform);
      const kept = { store: loaded.run.store, file: "search.json" };
      const metric = request.metric ?? usualMetric(loaded);
      const { results } = yield* evaluatedRun(kept, loaded, { ...measuring, ...evaluating(metric) });
      const result = results.find((one) => one.metric === metric || one.name === metric);
      if (!result)
        throw new ConfigError(
          `--metric: no such result, got ${metric}, expected one of ${[...new Set(results.map(({ name }) => name))].join(", ")}`,
        );
      tried.push({ trial, path, result, trainingSeconds: done.seconds });
    } catch (error) {
      if (!(error instanceof DivergedError)) throw error;
      tried.push({ trial, path, result: null, trainingSeconds: Number.NaN });
    }
  }
  return tried;
}

/** By which trials are compared where nobody says. */
function usualMetric({ run, trained: { model } }: LoadedRun): string {
  if (has(model, "likelihood") && !model.density) return "nll";
  return run.info.selection?.distance ?? "scores";
}

/** What is to be evaluated for a metric, or for a value of the model's own metrics or of its likelihood. */
const evaluating = (metric: string): Pick<EvaluationRequest, "metrics" | "lacking"> =>
  metrics.some(({ name }) => name === metric)
    ? { metrics: [metric], lacking: "refuse" }
    : { metrics: ["scores", "likelihood"], lacking: "leave out" };

/** The trial of the best value, in the metric's direction; undefined where none has one. */
export function bestOf(tried: readonly TriedRun[]): TriedRun | undefined {
  const worth = ({ result }: TriedRun): number =>
    result === null ? -Infinity : result.better === "higher" ? result.value : -result.value;
  return tried.filter(({ result }) => result !== null).toSorted((a, b) => worth(b) - worth(a))[0];
}
