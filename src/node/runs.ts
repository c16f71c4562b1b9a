/** Runs in folders, on this machine's devices: the functions of `src/runs` on Node's platform. */
import type { Reproduction, ReproductionRow } from "../reproductions/index.ts";
import type { Dataset } from "../data/dataset.ts";
import type { DataSource } from "../data/split.ts";
import type { ModelChoice } from "../models/definition.ts";
import type { Device, DeviceName } from "../runtime/device.ts";
import * as loading from "../runs/load-run.ts";
import { Run } from "../runs/run.ts";
import * as starting from "../runs/start-run.ts";
import * as training from "../runs/train.ts";
import { TrainedRun } from "../runs/trained-run.ts";
import * as comparing from "../runs/studies/compare-runs.ts";
import * as reproducing from "../runs/studies/reproduce-row.ts";
import * as searching from "../runs/studies/search-runs.ts";
import { FileStore } from "./files/file-store.ts";
import { nodePlatform } from "./platform.ts";

/**
 * As in src/runs/start-run.ts; `out` is a folder.
 *
 * @example
 * const training = await startRun(
 *   {
 *     definition: vae,
 *     config: { latentDim: 2 },
 *     settings: { steps: 40 },
 *     data: "digits:500",
 *     binarize: "auto",
 *     seed: 0,
 *   },
 *   { out: "runs/first" },
 * );
 * for await (const event of training.train())
 *   if (event.kind === "validation") console.log(event.epoch, event.metrics.negElbo);
 * await training.close();
 */
export const startRun = (request: starting.RunRequest, options: starting.StartOptions = {}) =>
  starting.startRun(request, options, nodePlatform);

/**
 * As in src/runs/start-run.ts, for the run in a folder.
 *
 * @example
 * await (await train(vae({ latentDim: 2 }), "digits:500", { steps: 20, out: "runs/first" })).release();
 * const training = await resumeRun("runs/first", { given: { settings: { steps: 40 } } });
 * training.from; // 20
 * for await (const event of training.train()) if (event.kind === "done") console.log(event.metrics.test);
 * await training.close();
 */
export const resumeRun = (folder: string, options: starting.ResumeOptions = {}) =>
  starting.resumeRun(folder, options, nodePlatform);

/**
 * As in src/runs/load-run.ts, for the run in a folder.
 *
 * @example
 * await (await train(vae({ latentDim: 2 }), "digits:500", { steps: 20, out: "runs/first" })).release();
 * const { device } = await pickDevice("cpu");
 * const { run, trained, step } = await loadRun("runs/first", device, { checkpoint: "last" });
 * run.info.model; // "vae"
 * await trained.release();
 */
export const loadRun = (folder: string, device: Device, options?: loading.LoadOptions): Promise<loading.LoadedRun> =>
  loading.loadRun(folder, device, nodePlatform, options);

/** Opens the run in a folder for reading. Throws CheckpointError where it is not one. */
export const openRun = (folder: string): Promise<Run> => Run.open(new FileStore(folder));

/** As in src/runs/studies/compare-runs.ts. */
export const compareRuns = (request: comparing.ComparisonRequest, signal?: AbortSignal) =>
  comparing.compareRuns(request, nodePlatform, signal);

/** As in src/runs/studies/search-runs.ts. */
export const searchRuns = (request: searching.SearchRequest, signal?: AbortSignal) =>
  searching.searchRuns(request, nodePlatform, signal);

/** As in src/runs/studies/reproduce-row.ts. */
export const reproduceRow = (
  table: Reproduction,
  row: ReproductionRow,
  seed: number,
  request: reproducing.ReproductionRequest,
  signal?: AbortSignal,
) => reproducing.reproduceRow(table, row, seed, request, nodePlatform, signal);

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
 * Loads the run in a folder, ready to use: the best weights where it was trained with patience, else the last.
 *
 * @example
 * await (await train(ae({ latentDim: 4 }), "digits:500", { steps: 20, out: "runs/first" })).release();
 * const run = await load("runs/first");
 * const { means } = await run.codes("test"); // [50, 4]
 * await run.release();
 */
export async function load(
  folder: string,
  options: { readonly device?: DeviceName; readonly checkpoint?: loading.WhichCheckpoint } = {},
): Promise<TrainedRun> {
  const { device = "auto", checkpoint } = options;
  const picked = await nodePlatform.pickDevice(device);
  return new TrainedRun(await loadRun(folder, picked.device, checkpoint === undefined ? {} : { checkpoint }));
}
