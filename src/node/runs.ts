/** Runs in folders, on this machine's devices: the functions of `src/runs` on Node's platform. */
import type { Reproduction, ReproductionRow } from "../reproductions/index.ts";
import type { Device } from "../runtime/device.ts";
import * as loading from "../runs/load-run.ts";
import { Run } from "../runs/run.ts";
import * as starting from "../runs/start-run.ts";
import * as comparing from "../runs/studies/compare-runs.ts";
import * as reproducing from "../runs/studies/reproduce-row.ts";
import * as searching from "../runs/studies/search-runs.ts";
import { FileStore } from "./files/file-store.ts";
import { nodePlatform } from "./platform.ts";

/** As in src/runs/start-run.ts; `out` is a folder. */
export const startRun = (request: starting.RunRequest, options: starting.StartOptions = {}) =>
  starting.startRun(request, options, nodePlatform);

/** As in src/runs/start-run.ts, for the run in a folder. */
export const resumeRun = (folder: string, options: { readonly given?: starting.GivenAgain } = {}) =>
  starting.resumeRun(folder, options, nodePlatform);

/** As in src/runs/load-run.ts, for the run in a folder. */
export const loadRun = (
  folder: string,
  device: Device,
  options?: { readonly checkpoint?: loading.WhichCheckpoint },
): Promise<loading.LoadedRun> => loading.loadRun(folder, device, nodePlatform, options);

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
