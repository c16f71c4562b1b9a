/**
 * Runs in a store on a platform: training one, resuming it, and evaluating, scoring, comparing and searching over runs.
 *
 * @module latentkit/runs
 */
export { type DensityFit, type RunDensity, runDensity } from "./density.ts";
export { decodedPoints, encodedPoints, type LatentPoints } from "./codes/latent-points.ts";
export { type Evaluation, type EvaluationRequest, evaluateRun, resultOf } from "./evaluate-run.ts";
export { type LoadedRun, loadRun, type WhichCheckpoint } from "./load-run.ts";
export { MemoryStore, memoryStores } from "./storage/memory-store.ts";
export {
  analogyGrid,
  changeByDimension,
  interpolationGrid,
  interpolationPaths,
  type Term,
  traversalGrid,
} from "./pictures/latent-grids.ts";
export type { PickedDevice, Platform } from "./platform.ts";
export { type GivenAgain, resumeRun } from "./resume-run.ts";
export { type ReportedRun, reportPage, writeReport } from "./reports/run-report.ts";
export type { RunInfo } from "./run-info.ts";
export type { RunMetrics } from "./run-metrics.ts";
export { Run } from "./run.ts";
export { type ExampleScores, type ScoreName, scoreNames, type ScoreRequest, scoreRun } from "./score-run.ts";
export { resumeStages, type TrainingStage, trainingStages } from "./stages/training-stages.ts";
export { type RunRequest, startRun, type StartOptions } from "./start-run.ts";
export type { RunStore, StoredFile, StoredLog } from "./storage/store.ts";
export { type ComparedRun, type ComparisonRequest, type Contestant, compareRuns } from "./studies/compare-runs.ts";
export { type MeasuredRow, type ReproductionRequest, reproduceRow } from "./studies/reproduce-row.ts";
export { bestOf, type SearchRequest, searchRuns, type Trial, type TriedRun } from "./studies/search-runs.ts";
export { type SolverPoint, type SolverSweep, solverSweep } from "./studies/solver-sweep.ts";
export { train, type TrainOptions } from "./train.ts";
export { TrainedRun } from "./trained-run.ts";
export type { TrainingEvent } from "./training-event.ts";
export { TrainingRun } from "./training-run.ts";
