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
import { runDataSpec } from "./run-info.ts";
import { openDataLike, openRunData, type RunDataOptions, type RunSpec, readRunSpec } from "./run-spec.ts";

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
  /** Opens other data, read as its own were. */
  readonly openDataLike: (spec: string) => Promise<DataSource>;
}

/** Which of a run's checkpoints: the last, the one of the best validation, or that of a step. */
export type WhichCheckpoint = "last" | "best" | number;

export interface LoadOptions {
  readonly checkpoint?: WhichCheckpoint;
  /** The definition of the run's model, where the platform is not to find it. */
  readonly definition?: ModelDefinition;
  /** Called with the progress of reading data that are opened through the run. */
  readonly onLoadProgress?: OnLoadProgress;
}

/**
 * Opens a run and puts weights of it, EMA weights where the run kept them, on a device: those of `checkpoint`, by default
 * the best where the run was trained with patience, else the last. Throws CheckpointError where the path is not a run's, or the run
 * is damaged or lacks that checkpoint.
 */
export async function loadRun(
  path: string,
  device: Device,
  on: Platform,
  { checkpoint, definition: given, onLoadProgress }: LoadOptions = {},
): Promise<LoadedRun> {
  const finding: Platform = given ? { ...on, findModel: () => Promise.resolve(given) } : on;
  const platform = withLoadProgress(finding, onLoadProgress);
  const run = await Run.open(platform.openStore(path));
  const { shape } = run.info.data;
  const spec = await readRunSpec(run, platform);
  const { definition, config, settings } = spec;
  const model = definition.build(config, runDataSpec(run.info));
  const all = variables(model);
  const specs = ({ ema }: TrainingState): TensorSpecs => {
    const averaged = [...parameters(model)].filter(([name]) => ema.includes(name));
    return tensorSpecs(new Map([...all, ...averaged.map(([name, v]) => [averagedName(name), v] as const)]));
  };
  // The file is held against the model's shapes before memory is taken for either.
  const step = await checkpointStep(run, checkpoint ?? (settings.patience === undefined ? "last" : "best"));
  const { weights, state } = await run.loadWeights({ weights: specs, ...(step !== undefined && { step }) });
  const store = createVariables(device, all.values());
  await writeTensors(
    store,
    all,
    new Map([...all.keys()].map((name) => [name, (weights.get(averagedName(name)) ?? weights.get(name))!])),
  );
  return {
    run,
    trained: new TrainedModel(model, { store, shape, kind: run.info.data.kind, frozen: true }),
    step: state.step,
    spec,
    definition,
    platform,
    openData: (options) => openRunData(run, platform, options),
    openDataLike: (spec) => openDataLike(run, platform, spec),
  };
}

/** The step of the checkpoint meant, or undefined for the last. */
async function checkpointStep(run: Run, which: WhichCheckpoint): Promise<number | undefined> {
  if (which === "last") return undefined;
  return which === "best" ? (await run.latestState())?.best?.step : which;
}
