import { ConfigError, LatentkitError } from "../errors.ts";
import { parameters, variables } from "../nn/module.ts";
import type { DataSource } from "../data/split.ts";
import type { Device } from "../runtime/device.ts";
import { createVariables } from "../runtime/variables.ts";
import type { ModelDefinition } from "../models/definition.ts";
import type { TensorSpecs, TrainingState } from "../training/checkpoint.ts";
import { averagedName, tensorSpecs, writeTensors } from "../training/state-tensors.ts";
import { TrainedModel } from "../evaluation/trained-model.ts";
import type { OnLoadProgress } from "../data/options.ts";
import { type Platform, withLoadProgress } from "./platform.ts";
import { Run } from "./run.ts";
import type { RunInfo } from "./run-info.ts";
import {
  type LikeOptions,
  openDataLike,
  openRunData,
  type NamedDefinition,
  parentChanged,
  parentError,
  parentPath,
  refuseOtherParent,
  type RunDataOptions,
  runModelOf,
  type RunSpec,
  readRunSpec,
  sameFile,
} from "./run-spec.ts";

/** A run's trained model, ready to use. */
export interface LoadedRun {
  readonly run: Run;
  readonly trained: TrainedModel;
  /** Optimizer steps behind the weights. */
  readonly step: number;
  readonly spec: RunSpec;
  readonly definition: ModelDefinition;
  /** Where it was loaded. */
  readonly platform: Platform;
  /** Opens the data it was trained on. Throws DataError where their content is no longer the same. */
  readonly openData: (options?: RunDataOptions) => Promise<DataSource>;
  /** Opens other data, read as its own were; see `openDataLike`. */
  readonly openDataLike: (spec: string, options?: LikeOptions) => Promise<DataSource>;
  /** Loads the run whose codes it was trained on; nothing where it was trained on other data. See `openParent`. */
  readonly openParent: () => Promise<LoadedRun | undefined>;
}

/** Which of a run's checkpoints: the last, the one of the best validation, or that of a step. */
export type WhichCheckpoint = "last" | "best" | number;

export interface LoadOptions {
  readonly checkpoint?: WhichCheckpoint;
  /** False for the weights themselves where the run kept their EMA too. */
  readonly ema?: boolean;
  /** The run's model, where the platform is not to find it. The run keeps its file, where the weights fit. */
  readonly named?: NamedDefinition;
  /** Called with the progress of reading data that are opened through the run. */
  readonly onLoadProgress?: OnLoadProgress;
}

/**
 * Opens a run and puts weights of it, EMA weights where the run kept them, on a device: those of `checkpoint`, by default
 * the best validation's where there is one, the last of a run without patience. Throws CheckpointError where the path is not a run's, or the run
 * is damaged or lacks that checkpoint.
 */
export async function loadRun(
  path: string,
  device: Device,
  on: Platform,
  { checkpoint, ema = true, named, onLoadProgress }: LoadOptions = {},
): Promise<LoadedRun> {
  const platform = withLoadProgress(on, onLoadProgress);
  const run = await Run.open(platform.openStore(path));
  const { shape } = run.info.data;
  const spec = await readRunSpec(run, platform, named);
  const { definition, settings } = spec;
  const model = runModelOf(run.info, spec, named);
  const all = variables(model);
  const specs = ({ ema }: TrainingState): TensorSpecs => {
    const averaged = [...parameters(model)].filter(([name]) => ema.includes(name));
    return tensorSpecs(new Map([...all, ...averaged.map(([name, v]) => [averagedName(name), v] as const)]));
  };
  // The file is held against the model's shapes before memory is taken for either.
  const step = await checkpointStep(run, checkpoint ?? usualCheckpoint(settings));
  const { weights, state } = await run.loadWeights({ weights: specs, ...(step !== undefined && { step }) });
  if (named?.modelFile) await keepModelFile(run, named.modelFile);
  if (!ema && state.ema.length === 0)
    throw new ConfigError(`--no-ema: ${path} has no EMA weights, got a run without --ema, expected one with it`);
  const store = createVariables(device, all.values());
  await writeTensors(
    store,
    all,
    new Map(
      [...all.keys()].map((name) => [
        name,
        ((ema ? weights.get(averagedName(name)) : undefined) ?? weights.get(name))!,
      ]),
    ),
  );
  return {
    run,
    trained: new TrainedModel(model, {
      store,
      shape,
      kind: run.info.data.kind,
      columns: run.info.data.columns,
      frozen: true,
    }),
    step: state.step,
    spec,
    definition,
    platform,
    openData: (options) => openRunData(run, platform, options),
    openDataLike: (spec, options) => openDataLike(run, platform, spec, options),
    openParent: () => openParent(run, device, platform),
  };
}

/**
 * The weights that loading a run once more would find, as text that is another for others; undefined where there are none. Reads no weights.
 */
export async function weightsNow({ run, spec }: Pick<LoadedRun, "run" | "spec">): Promise<string | undefined> {
  const step = (await checkpointStep(run, usualCheckpoint(spec.settings))) ?? (await run.checkpointSteps()).at(-1);
  return step === undefined ? undefined : weightsOf({ run, step });
}

/** The same of the weights that were loaded. */
export const weightsOf = async ({ run, step }: Pick<LoadedRun, "run" | "step">): Promise<string> =>
  `${step} ${await run.weightsDigest(step)}`;

/**
 * Loads the run that a run's data are codes of, with the weights that made them. Throws CheckpointError where it is gone, DataError where it no
 * longer has them.
 */
export async function openParent(run: Run, device: Device, platform: Platform): Promise<LoadedRun | undefined> {
  const { parent } = run.info;
  if (!parent) return undefined;
  const path = parentPath(run);
  const { step } = parent;
  try {
    const opened = await Run.open(platform.openStore(path));
    if (!(await opened.checkpointSteps()).includes(step)) throw parentChanged(run, `no checkpoint of step ${step}`);
    refuseOtherParent(run, { weights: await opened.weightsDigest(step) });
    return await loadRun(path, device, platform, { checkpoint: step });
  } catch (error) {
    throw parentError(run, error);
  }
}

/**
 * Keeps where a run's model file is, and what it holds, for what loads the run without a person to name it. Not while another process
 * trains into the run, nor where its folder cannot be written: the run can be used all the same.
 */
async function keepModelFile({ info, store }: Run, modelFile: NonNullable<RunInfo["modelFile"]>): Promise<void> {
  if (sameFile(info.modelFile, modelFile)) return;
  try {
    const run = await Run.resume(store);
    try {
      await run.amendInfo({ modelFile });
    } finally {
      await run.close();
    }
  } catch (error) {
    if (!(error instanceof LatentkitError)) throw error;
  }
}

const usualCheckpoint = ({ patience }: RunSpec["settings"]): WhichCheckpoint => (patience === 0 ? "last" : "best");

/** The step of the checkpoint meant, or undefined for the last. */
async function checkpointStep(run: Run, which: WhichCheckpoint): Promise<number | undefined> {
  if (which === "last") return undefined;
  return which === "best" ? (await run.latestState())?.best?.step : which;
}
