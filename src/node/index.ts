/** Latentkit's Node side: files, run folders and native devices. */
export { type DataSourceOptions, listDataSources, openDataSource } from "./data-source.ts";
export { type Evaluation, type EvaluationRequest, evaluateRun } from "./evaluate-run.ts";
export { examineMachine, type MachineReport } from "./examine-machine.ts";
export { type LoadedRun, loadRun } from "./load-run.ts";
export { analogySheet, interpolationPaths, interpolationSheet, type Term, traversalSheet } from "./latent-sheets.ts";
export { type DensityFit, type RunDensity, runDensity } from "./run-density.ts";
export { type PickedDevice, pickDevice } from "./pick-device.ts";
export { writePng } from "./png-file.ts";
export { RunFolder } from "./run-folder.ts";
export type { RunMetrics } from "./run-metrics.ts";
export { type ReportedRun, writeReport } from "./run-report.ts";
export { type ExampleScores, type ScoreName, scoreNames, type ScoreRequest, scoreRun } from "./score-run.ts";
export { type GivenAgain, resumeRun, type RunRequest, startRun } from "./start-run.ts";
export type { TrainingEvent } from "./training-event.ts";
export { TrainingRun } from "./training-run.ts";
export { version } from "./version.ts";
export { cpuDevice, cudaDevice, nodeWebgpuDevice } from "../runtime/node.ts";
