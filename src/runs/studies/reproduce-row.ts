import type { ModelDefinition } from "../../models/definition.ts";
import { asCodesConfig, splitConfig } from "../../models/given-config.ts";
import { findModel } from "../../models/registry.ts";
import type { Reproduction, ReproductionRow } from "../../reproductions/index.ts";
import { trainingSettings } from "../../training/settings.ts";
import { completeRun, type CompletingEvent } from "./complete-run.ts";
import { type DataOptions, dataOptions, type OnLoadProgress } from "../../data/options.ts";
import { loadRun } from "../load-run.ts";
import { evaluatedRun, type EvaluatedRun, type EvaluatingEvent } from "./evaluated-run.ts";
import { type Platform, withLoadProgress } from "../platform.ts";

export interface ReproductionRequest {
  /** Folder that holds a run for each row and seed. */
  readonly out: string;
  /** In place of the table's. */
  readonly data?: string;
  readonly dataOptions: DataOptions;
  readonly training: Readonly<Record<string, unknown>>;
  readonly samples?: number;
  /** Number of test examples, from the first; by default all. */
  readonly count?: number;
  readonly onLoadProgress?: OnLoadProgress;
}

/** A row's own values on the test split, with one seed. */
export interface MeasuredRow extends EvaluatedRun {
  readonly seed: number;
  readonly epochs: number;
  /** Training time on this machine, over all processes. */
  readonly trainingSeconds: number;
}

/** Training settings of a row, which is trained to its end as published: the table's, the row's, then the given ones, of which a length replaces theirs. */
export function rowTraining(table: Reproduction, row: ReproductionRow, given: ReproductionRequest["training"]) {
  const planned = { ...table.training, ...row.training };
  const { epochs, steps, ...rest } = planned;
  const length = given["epochs"] === undefined && given["steps"] === undefined ? { epochs, steps } : {};
  return trainingSettings.parse({ patience: 0, ...rest, ...length, ...given });
}

/** A row's settings, with defaults for all that are left out but those of the model whose codes it is trained on, which the data choose. */
export function wholeConfig({ config }: Pick<ModelDefinition, "config">, given: ReproductionRow["config"]): object {
  const { own, codes } = splitConfig(given);
  return { ...config.parse(own), ...asCodesConfig(codes) };
}

/** The folder of a row's run. */
export const rowFolder = (out: string, row: ReproductionRow, seed: number): string =>
  `${out}/${seed === 0 ? row.name : `${row.name}-seed-${seed}`}`;

/**
 * Trains a row with a seed where that is not done yet, resuming where it stopped, evaluates it, and keeps the values beside the
 * run. An aborted `signal` saves a checkpoint and returns undefined. Throws ConfigError where the run was begun with other settings.
 */
export async function* reproduceRow(
  table: Reproduction,
  row: ReproductionRow,
  seed: number,
  request: ReproductionRequest,
  on: Platform,
  signal?: AbortSignal,
): AsyncGenerator<CompletingEvent | EvaluatingEvent, MeasuredRow | undefined> {
  const platform = withLoadProgress(on, request.onLoadProgress);
  const path = rowFolder(request.out, row, seed);
  const definition = findModel(row.model);
  const settings = rowTraining(table, row, request.training);
  const done = yield* completeRun(
    path,
    {
      definition,
      config: wholeConfig(definition, row.config),
      settings,
      data: request.data ?? row.data ?? table.data,
      binarize: table.binarize ?? "auto",
      seed,
      ...dataOptions.parse({ ...table.dataOptions, ...request.dataOptions }),
    },
    platform,
    signal,
  );
  if (!done) return undefined;

  const { count, samples = table.samples } = request;
  const { metrics, generated, priors } = table;
  const { device } = await platform.pickDevice(settings.device, settings.threads);
  const loaded = await loadRun(path, device, platform);
  const measured = yield* evaluatedRun({ store: loaded.run.store, file: "reproduction.json" }, loaded, {
    split: "test",
    seed,
    metrics,
    ...(samples !== undefined && { samples }),
    ...(generated !== undefined && { generated }),
    ...(priors && { priors }),
    ...(count !== undefined && { count }),
  });
  return { seed, epochs: done.epochs, trainingSeconds: done.seconds, ...measured };
}
