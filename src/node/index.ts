/** Latentkit's Node side: files, run folders and native devices. */
export {
  compareRuns,
  type ComparedRun,
  type ComparisonRequest,
  type Contestant,
} from "../runs/studies/compare-runs.ts";
export { type DataSourceOptions, listDataSources, openDataSource } from "./data/source.ts";
export { type Evaluation, type EvaluationRequest, evaluateRun, figureOf } from "../runs/evaluate-run.ts";
export { examineMachine, type MachineReport } from "./devices/examine-machine.ts";
export { type Extractor, openExtractor } from "../evaluation/extractor.ts";
export { measures } from "../evaluation/metrics/index.ts";
export type { Check, Figure, Measure, MeasureContext, Measurement } from "../evaluation/metrics/metric.ts";
export { trainSmallExtractor } from "../evaluation/small-extractor.ts";
export { type LoadedRun, loadRun } from "../runs/load-run.ts";
export {
  analogySheet,
  interpolationPaths,
  interpolationSheet,
  type Term,
  traversalSheet,
} from "../runs/pictures/latent-grids.ts";
export { type DensityFit, type RunDensity, runDensity } from "../runs/density.ts";
export { type MeasuredRow, type ReproductionRequest, reproduceRow } from "../runs/studies/reproduce-row.ts";
export { bestOf, type SearchRequest, searchRuns, type Trial, type TriedRun } from "../runs/studies/search-runs.ts";
export { type PickedDevice, pickDevice } from "./devices/pick-device.ts";
export { writePng } from "./files/png-file.ts";
export { RunFolder } from "../runs/run.ts";
export type { RunMetrics } from "../runs/run-metrics.ts";
export { type ReportedRun, writeReport } from "../runs/reports/run-report.ts";
export { type ExampleScores, type ScoreName, scoreNames, type ScoreRequest, scoreRun } from "../runs/score-run.ts";
export { type GivenAgain, resumeRun, type RunRequest, startRun } from "../runs/start-run.ts";
export type { TrainingEvent } from "../runs/training-event.ts";
export { TrainingRun } from "../runs/training-run.ts";
export { version } from "./version.ts";
export { cpuDevice, cudaDevice, nodeWebgpuDevice } from "../runtime/node.ts";
