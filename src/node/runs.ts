/** Runs in folders, on this machine's devices: the functions of `src/runs` on Node's platform. */
import type { Device } from "../runtime/device.ts";
import * as loading from "../runs/load-run.ts";
import { Run } from "../runs/run.ts";
import * as resuming from "../runs/resume-run.ts";
import * as starting from "../runs/start-run.ts";
import * as staging from "../runs/stages/training-stages.ts";
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
 * As in src/runs/resume-run.ts, for the run in a folder.
 *
 * @example
 * await (await train(vae({ latentDim: 2 }), "digits:500", { steps: 20, out: "runs/first" })).release();
 * const training = await resumeRun("runs/first", { given: { settings: { steps: 40 } } });
 * training.from; // 20
 * for await (const event of training.train()) if (event.kind === "done") console.log(event.metrics.test);
 * await training.close();
 */
export const resumeRun = (folder: string, options: resuming.ResumeOptions = {}) =>
  resuming.resumeRun(folder, options, nodePlatform);

/**
 * As in src/runs/stages/training-stages.ts; `out` is a folder.
 *
 * @example
 * const stages = trainingStages(
 *   {
 *     definition: diffusion,
 *     config: { codes: "ae", "codes.steps": 20, width: 32 },
 *     settings: { steps: 20 },
 *     data: "digits:500",
 *     binarize: "auto",
 *     seed: 0,
 *   },
 *   { out: "runs/latent" },
 * );
 * for await (const { training, stage, stages: count } of stages) {
 *   for await (const event of training.train())
 *     if (event.kind === "done") console.log(`stage ${stage} of ${count}`, event.metrics.test);
 *   await training.close();
 * }
 */
export const trainingStages = (request: starting.RunRequest, options: starting.StartOptions = {}) =>
  staging.trainingStages(request, options, nodePlatform);

/** As in src/runs/stages/training-stages.ts, for the run in a folder. */
export const resumeStages = (folder: string, options: resuming.ResumeOptions = {}) =>
  staging.resumeStages(folder, options, nodePlatform);

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
