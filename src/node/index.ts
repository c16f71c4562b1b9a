/** Latentkit's Node side: files, run folders and native devices. */
export type { ComparedRun, ComparisonRequest, Contestant } from "../runs/studies/compare-runs.ts";
export { compareRuns, loadRun, openRun, reproduceRow, resumeRun, searchRuns, startRun } from "./runs.ts";
export type { DataSourceOptions } from "../data/options.ts";
export { listDataSources, openDataSource } from "./data/source.ts";
export { type Evaluation, type EvaluationRequest, evaluateRun, figureOf } from "../runs/evaluate-run.ts";
export { examineMachine, type MachineReport } from "./devices/examine-machine.ts";
export { type Extractor, openExtractor } from "../evaluation/extractor.ts";
export { measures } from "../evaluation/metrics/index.ts";
export type { Check, Figure, Measure, MeasureContext, Measurement } from "../evaluation/metrics/metric.ts";
export { trainSmallExtractor } from "../evaluation/small-extractor.ts";
export type { LoadedRun } from "../runs/load-run.ts";
export {
  analogyGrid,
  interpolationPaths,
  interpolationGrid,
  type Term,
  traversalGrid,
} from "../runs/pictures/latent-grids.ts";
export { type DensityFit, type RunDensity, runDensity } from "../runs/density.ts";
export type { MeasuredRow, ReproductionRequest } from "../runs/studies/reproduce-row.ts";
export { bestOf, type SearchRequest, type Trial, type TriedRun } from "../runs/studies/search-runs.ts";
export type { PickedDevice, Platform } from "../runs/platform.ts";
export { pickDevice } from "./devices/pick-device.ts";
export { writePng } from "./files/png-file.ts";
export { FileStore } from "./files/file-store.ts";
export { nodePlatform } from "./platform.ts";
export { Run } from "../runs/run.ts";
export type { RunStore } from "../runs/store.ts";
export type { RunMetrics } from "../runs/run-metrics.ts";
export { type ReportedRun, reportPage, writeReport } from "../runs/reports/run-report.ts";
export { type ExampleScores, type ScoreName, scoreNames, type ScoreRequest, scoreRun } from "../runs/score-run.ts";
export type { GivenAgain, RunRequest, StartOptions } from "../runs/start-run.ts";
export type { TrainingEvent } from "../runs/training-event.ts";
export { TrainingRun } from "../runs/training-run.ts";
export { version } from "../version.ts";
export { cpuDevice, cudaDevice, nodeWebgpuDevice } from "../runtime/node.ts";
