import type { Binarization } from "../data/binarize.ts";
import type { DataOptions, OnLoadProgress } from "../data/options.ts";
import { ConfigError } from "../errors.ts";
import { checkModel } from "../evaluation/checks/check-model.ts";
import type { Device } from "../runtime/device.ts";
import type { TrainingState } from "../training/checkpoint.ts";
import { type TrainingSettings, withLength } from "../training/settings.ts";
import { checkpointVariables, tensorSpecs, writeTensors } from "../training/state-tensors.ts";
import type { TrainingStep } from "../training/step.ts";
import { type Platform, withLoadProgress } from "./platform.ts";
import { Run } from "./run.ts";
import { runDataSpec, type RunInfo } from "./run-info.ts";
import {
  modelPlace,
  type NamedDefinition,
  openRunData,
  readRunData,
  readRunSpec,
  runModelOf,
  sameFile,
} from "./run-spec.ts";
import { openSelection } from "./selection/select-by.ts";
import { asJson, compileRun, type StartOptions } from "./start-run.ts";
import { TrainingRun } from "./training-run.ts";

/** Settings given again when resuming: each must be what the run was started with. */
export interface GivenAgain extends DataOptions {
  readonly model?: string | undefined;
  readonly config?: object | undefined;
  readonly settings?: Partial<TrainingSettings> | undefined;
  readonly data?: string | undefined;
  readonly binarize?: Binarization | "auto" | undefined;
  readonly seed?: number | undefined;
}

export interface ResumeOptions {
  readonly given?: GivenAgain;
  /** The run's model, where the platform is not to find it: of a file that may have changed, as long as the weights fit. */
  readonly named?: NamedDefinition | undefined;
  readonly onLoadProgress?: OnLoadProgress;
  readonly onExtractorTraining?: NonNullable<StartOptions["onExtractorTraining"]>;
}

/**
 * Opens a run to resume it from its latest checkpoint, with the bits of an uninterrupted run. Throws ConfigError where something
 * given again differs from what the run was started with, DataError where the data has changed. What may change: the length
 * of a run of constant schedule, checkpoints, patience, pictures, where metrics are sent, and the device, which costs the last bits.
 */
export async function resumeRun(
  path: string,
  { onLoadProgress, ...options }: ResumeOptions,
  platform: Platform,
): Promise<TrainingRun> {
  const run = await Run.resume(platform.openStore(path));
  try {
    return await resumed(run, options, withLoadProgress(platform, onLoadProgress));
  } catch (error) {
    await run.close();
    throw error;
  }
}

async function resumed(
  run: Run,
  { given = {}, named, onExtractorTraining }: Omit<ResumeOptions, "onLoadProgress">,
  platform: Platform,
): Promise<TrainingRun> {
  const spec = await readRunSpec(run, platform, named);
  const { definition, config, remedies, seed, settings: before } = spec;
  const data = readRunData(run);
  const { settings: settingsAgain = {}, config: configAgain = {}, binarize: binarizeAgain = "auto", ...again } = given;
  const {
    checkpointEvery = before.checkpointEvery,
    patience = before.patience,
    picturesEvery = before.picturesEvery,
    tensorboard = before.tensorboard,
    mlflow = before.mlflow,
    threads = before.threads,
    selectBy = "auto",
    ...rest
  } = settingsAgain;
  const { device: deviceAgain = before.device, ...fixed } = rest;
  refuseChanges(again, { ...data, model: definition.name, data: data.source, seed });
  refuseChanges(binarizeAgain === "auto" ? {} : { binarize: binarizeAgain }, data);
  refuseChanges(selectBy === "auto" ? {} : { selectBy }, before);
  refuseChanges(configAgain, config);
  // The length may change where that leaves the learning rates of the steps done as they were.
  const length = before.schedule === "constant" ? { epochs: undefined, steps: undefined } : {};
  refuseChanges({ ...fixed, ...length }, before);
  const picked = await platform.pickDevice(deviceAgain, threads);
  const { device } = picked;
  const changed = { checkpointEvery, patience, picturesEvery, tensorboard, mlflow, device: device.name, threads };
  const settings = { ...withLength(before, settingsAgain), ...changed };

  const source = await openRunData(run, platform);
  const model = runModelOf(run.info, spec, named);
  checkModel(modelPlace(run.info, named), model, runDataSpec(run.info), settings.batchSize);
  const compiled = compileRun({ model, source, device, settings, binarize: data.binarize, seed });
  const { step, steps } = compiled;
  const state = await loadState(run, step, seed);
  const from = state?.step ?? 0;
  compiled.rewinds.push(...(state?.rewinds ?? []));
  if (from > steps)
    throw new ConfigError(
      `${run.path}: the run is longer already, got ${steps} steps, expected at least the ${from} done`,
    );
  await step.prepare();
  const selection = await openSelection(platform, model, { source, settings, onExtractorTraining });
  await run.rewind(from);
  const modelFile = named?.modelFile ?? run.info.modelFile;
  if (JSON.stringify(settings) !== JSON.stringify(before) || !sameFile(modelFile, run.info.modelFile))
    await run.amendInfo({ ...(modelFile && { modelFile }), training: asJson(settings) });
  return new TrainingRun({
    ...compiled,
    run,
    source,
    platform,
    model,
    picked,
    binarize: data.binarize,
    settings,
    selection,
    seed,
    warnings: device.description === run.info.device ? [] : [otherDevice(device, run.info)],
    addressGiven: settingsAgain.mlflow !== undefined,
    definition,
    remedies,
    presets: [],
    from,
    best: state?.best ?? null,
    seconds: state?.seconds ?? 0,
  });
}

/** Puts the latest checkpoint in place, or the initial weights where a run was killed before its first one. */
async function loadState(run: Run, step: TrainingStep, seed: number): Promise<TrainingState | undefined> {
  if ((await run.checkpointSteps()).length === 0) {
    await step.initialize(seed);
    return undefined;
  }
  const { weights, optimizer } = checkpointVariables(step);
  const loaded = await run.loadCheckpoint({ weights: () => tensorSpecs(weights), optimizer: tensorSpecs(optimizer) });
  await writeTensors(step.store, weights, loaded.weights);
  await writeTensors(step.store, optimizer, loaded.optimizer);
  return loaded.state;
}

/** Throws ConfigError where something given again differs from what there was before. */
export function refuseChanges(again: object, before: object): void {
  for (const [key, value] of Object.entries(again)) {
    const was: unknown = (before as Record<string, unknown>)[key];
    if (value !== undefined && JSON.stringify(value) !== JSON.stringify(was))
      throw new ConfigError(
        `--resume: ${key} differs from the run's, got ${JSON.stringify(value)}, expected ${JSON.stringify(was) ?? "none"}; leave it out, or start a new run`,
      );
  }
}

const otherDevice = (device: Device, { device: before }: RunInfo): string =>
  `--resume: the last bits may differ from those of an uninterrupted run, got ${device.description}, expected ${before}, which it began on`;
