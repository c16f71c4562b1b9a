/** Studies of many runs in folders, on this machine's devices. */
import type { Reproduction, ReproductionRow } from "../reproductions/index.ts";
import * as comparing from "../runs/studies/compare-runs.ts";
import { samplesBeside as samplesOfRuns } from "../runs/studies/reproduction-picture.ts";
import * as reproducing from "../runs/studies/reproduce-row.ts";
import * as sweeping from "../runs/studies/solver-sweep.ts";
import * as searching from "../runs/studies/search-runs.ts";
import { codesBeside as codesOfRuns } from "../runs/studies/codes-figure.ts";
import { nodePlatform } from "./platform.ts";

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

/** As in src/runs/studies/reproduction-picture.ts. */
export const samplesBeside = (paths: readonly string[]) => samplesOfRuns(paths, nodePlatform);

/** As in src/runs/studies/codes-figure.ts. */
export const codesBeside = (paths: readonly string[]) => codesOfRuns(paths, nodePlatform);

/** As in src/runs/studies/solver-sweep.ts. */
export const solverSweep = (request: sweeping.SolverSweep, signal?: AbortSignal) =>
  sweeping.solverSweep(request, nodePlatform, signal);
