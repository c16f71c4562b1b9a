import type { Binarization } from "../data/binarize.ts";
import type { Dataset } from "../data/dataset.ts";
import { createDataSource, type DataSource, split } from "../data/split.ts";
import { ConfigError } from "../errors.ts";
import type { ModelChoice } from "../models/definition.ts";
import { refuseUnknownKeys } from "../nearest-name.ts";
import { parseSettings } from "../settings-schema.ts";
import type { Device } from "../runtime/device.ts";
import { trainingSettings, type TrainingSettings } from "../training/settings.ts";
import { type LoadedRun, openParent } from "./load-run.ts";
import { memoryStores } from "./storage/memory-store.ts";
import type { Platform } from "./platform.ts";
import { openDataLike } from "./run-spec.ts";
import { type TrainingStage, trainingStages } from "./stages/training-stages.ts";
import { TrainedRun } from "./trained-run.ts";
import type { TrainingEvent } from "./training-event.ts";
import type { TrainingRun } from "./training-run.ts";

export interface TrainOptions extends Partial<Omit<TrainingSettings, "device">> {
  /** A device, or the name of one; the fastest that works here when missing. */
  readonly device?: TrainingSettings["device"] | Device;
  /** Random seed: initialization, shuffling and noise (0). */
  readonly seed?: number;
  /** Binarization of intensities; `auto`, the default, is dynamic where the likelihood is of binary data, else none. */
  readonly binarize?: Binarization | "auto";
  /** Where the run is kept; in memory when missing. */
  readonly out?: string;
  /** Sees every event: metrics, validation, checkpoints; `stage`, from 1, of a model that is trained on the codes of another. */
  readonly onEvent?: (event: TrainingEvent, stage: number) => void;
  /** Ends training early, after a checkpoint. */
  readonly signal?: AbortSignal;
}

/**
 * Trains a model on data and returns the run: what it learned, and how it went. Settings that are left out are chosen by the data. The data are
 * a source, a dataset (of which a tenth each is held out for validation and test), or what `--data` takes. Throws ConfigError for a setting that is
 * unknown or out of range, DataError for data that do not fit, DivergedError where a metric is not finite.
 */
export async function train(
  model: ModelChoice,
  data: DataSource | Dataset | string,
  options: TrainOptions,
  platform: Platform,
): Promise<TrainedRun> {
  checkArguments(model, data, options);
  const { definition, config } = model;
  const { device, seed = 0, binarize = "auto", out, onEvent, signal, ...settings } = options;
  const picked = typeof device === "object" ? { device } : undefined;
  const source = typeof data === "string" ? undefined : await sourceOf(data);
  const place = out === undefined ? { ...platform, openStore: memoryStores() } : platform;
  const stages = trainingStages(
    {
      definition,
      config,
      settings: checkedSettings({ ...settings, ...(typeof device === "string" && { device }) }),
      data: typeof data === "string" ? data : source!.name,
      binarize,
      seed,
    },
    { ...(out !== undefined && { out }), ...(source && { source }), ...(picked && { picked }) },
    place,
  );
  const { training, first } = await trainedThrough(stages, signal, onEvent);
  const { run, trained } = training;
  const openData = (): Promise<DataSource> => Promise.resolve(training.source);
  const loaded: LoadedRun = {
    run,
    trained,
    step: run.info.result?.weights ?? training.steps,
    spec: training.spec,
    definition,
    platform: place,
    openData,
    openDataLike: (spec, reading) => openDataLike(run, platform, spec, reading),
    async openParent() {
      // Those of the run are wherever its data were opened, not in memory with it, but for its own first stage.
      const parent = await openParent(run, trained.store.device, first ? place : platform);
      return parent && first ? { ...parent, openData: () => Promise.resolve(first) } : parent;
    },
  };
  return new TrainedRun(loaded, () => training.close());
}

/**
 * Trains each stage to its end. Returns the last, which is left open, with the data of the first where there are two. Throws ConfigError where
 * training is ended in the first of two: there is no model then.
 */
async function trainedThrough(
  stages: AsyncGenerator<TrainingStage>,
  signal: AbortSignal | undefined,
  onEvent: TrainOptions["onEvent"],
): Promise<{ readonly training: TrainingRun; readonly first?: DataSource }> {
  let first: DataSource | undefined;
  for await (const { training, stage, stages: count, path } of stages) {
    for await (const event of training.train(signal)) onEvent?.(event, stage);
    if (stage === count) return { training, ...(first && { first }) };
    first = training.source;
    await training.close();
    if (signal?.aborted)
      throw new ConfigError(
        `train: ended in the first of two stages, got ${training.definition.name} without the model of its codes, expected both; in a folder, resumeStages trains ${path} on`,
      );
  }
  throw new Error("no stage to train");
}

/** Options that are no training settings. */
const ownOptions = { seed: true, binarize: true, out: true, onEvent: true, signal: true } satisfies Readonly<
  Record<Exclude<keyof TrainOptions, keyof TrainingSettings>, true>
>;

/** Throws ConfigError for what JavaScript, or text read as it is, can pass in place of a model, data and options. */
function checkArguments(model: unknown, data: unknown, options: object): void {
  if (typeof model === "function")
    throw new ConfigError(
      `train: not a model with its settings, got the definition ${model.name}, expected a call of it, such as ${model.name}()`,
    );
  if (typeof model !== "object" || model === null || !("definition" in model && "config" in model))
    throw new ConfigError(
      `train: not a model with its settings, got ${described(model)}, expected one, such as vae({ latentDim: 10 })`,
    );
  const isData = typeof data === "object" && data !== null && ("train" in data || "values" in data);
  if (typeof data !== "string" && !isData)
    throw new ConfigError(
      `train: no data, got ${described(data)}, expected a source, a dataset, or text that --data takes, such as "digits"`,
    );
  refuseUnknownKeys("train", "option", options, [...Object.keys(trainingSettings.shape), ...Object.keys(ownOptions)]);
}

const described = (value: unknown): string =>
  typeof value === "object" && value !== null ? "an object" : String(value);

async function sourceOf(data: DataSource | Dataset): Promise<DataSource> {
  if ("train" in data) return data;
  const { name, description } = data;
  return createDataSource({ name, description, ...split(data, { test: 0.1 }) });
}

/** Settings that are given, checked; defaults are for what the data leave open. */
function checkedSettings(given: Readonly<Record<string, unknown>>): Partial<TrainingSettings> {
  const checked = parseSettings(trainingSettings, given, (key) => `train: ${key}`);
  return Object.fromEntries(Object.entries(checked).filter(([key]) => Object.hasOwn(given, key)));
}
