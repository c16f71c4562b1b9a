/** Runs in one call, on this machine's devices. */
import type { Dataset } from "../data/dataset.ts";
import type { DataSource } from "../data/split.ts";
import type { ModelChoice } from "../models/definition.ts";
import type { WhichCheckpoint } from "../runs/load-run.ts";
import * as training from "../runs/train.ts";
import { TrainedRun } from "../runs/trained-run.ts";
import type { DeviceName } from "../runtime/device.ts";
import { nodePlatform } from "./platform.ts";
import { loadRun } from "./runs.ts";

/**
 * Trains a model on data and returns the run: in the folder `out`, or in memory. As in src/runs/train.ts.
 *
 * @example
 * const run = await train(vae({ latentDim: 2 }), await digitsSource({ size: 500 }), { steps: 20 });
 * const images = await run.sample(16, { mean: true }); // [16, 1, 28, 28]
 * const { test } = await run.metrics();
 * console.log(test.negElbo, "nats per example");
 * await run.release();
 */
export const train = (
  model: ModelChoice,
  data: DataSource | Dataset | string,
  options: training.TrainOptions = {},
): Promise<TrainedRun> => training.train(model, data, options, nodePlatform);

/**
 * Loads the run in a folder, ready to use: the best validation's weights where there are some, the last of a run of `patience: 0`.
 *
 * @example
 * await (await train(ae({ latentDim: 4 }), "digits:500", { steps: 20, out: "runs/first" })).release();
 * const run = await load("runs/first");
 * const { means } = await run.codes("test"); // [50, 4]
 * await run.release();
 */
export async function load(
  folder: string,
  options: { readonly device?: DeviceName; readonly checkpoint?: WhichCheckpoint } = {},
): Promise<TrainedRun> {
  const { device = "auto", checkpoint } = options;
  const picked = await nodePlatform.pickDevice(device);
  return new TrainedRun(await loadRun(folder, picked.device, checkpoint === undefined ? {} : { checkpoint }));
}
