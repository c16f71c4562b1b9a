import { parameters, variables } from "../nn/module.ts";
import type { Device } from "../runtime/device.ts";
import { createVariables } from "../runtime/variables.ts";
import type { TensorSpecs, TrainingState } from "../training/checkpoint.ts";
import { averagedName, tensorSpecs, writeTensors } from "../training/state-tensors.ts";
import { TrainedModel } from "../evaluation/trained-model.ts";
import { runDataSpec } from "./run-info.ts";
import { RunFolder } from "./run.ts";
import { readRunSpec } from "./run-spec.ts";

/** A run's trained model, ready to use. */
export interface LoadedRun {
  readonly run: RunFolder;
  readonly trained: TrainedModel;
  /** Optimizer steps behind the weights. */
  readonly step: number;
}

/** Which of a run's checkpoints: the last, the one of the best validation, or that of a step. */
export type WhichCheckpoint = "last" | "best" | number;

/**
 * Opens a run folder and puts weights of it, averaged ones where the run kept them, on a device: those of `checkpoint`, by default
 * the best where the run was trained with patience, else the last. Throws CheckpointError where the folder is not a run, is
 * damaged, or lacks that checkpoint.
 */
export async function loadRun(
  path: string,
  device: Device,
  { checkpoint }: { readonly checkpoint?: WhichCheckpoint } = {},
): Promise<LoadedRun> {
  const run = await RunFolder.open(path);
  const { shape } = run.info.data;
  const { definition, config, settings } = readRunSpec(run.info, `${path}/run.json`);
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
  return { run, trained: new TrainedModel(model, { store, shape }), step: state.step };
}

/** The step of the checkpoint meant, or undefined for the last. */
async function checkpointStep(run: RunFolder, which: WhichCheckpoint): Promise<number | undefined> {
  if (which === "last") return undefined;
  return which === "best" ? (await run.latestState())?.best?.step : which;
}
