/**
 * Latentkit's Node side: files, run folders and native devices.
 *
 * @module latentkit/node
 */
export type { DataSourceOptions } from "../data/options.ts";
export type { Extractor } from "../evaluation/extractors/extractor.ts";
export * from "../runs/index.ts";
export { cpuDevice, cudaDevice, nodeWebgpuDevice } from "../runtime/node.ts";
export { version } from "../version.ts";
export { listDataSources, openDataSource } from "./data/source.ts";
export { examineMachine, type MachineReport } from "./devices/examine-machine.ts";
export { pickDevice } from "./devices/pick-device.ts";
export { openExtractor } from "./extractors/open-extractor.ts";
export { trainSmallExtractor } from "./extractors/small-28-file.ts";
export { FileStore } from "./files/file-store.ts";
export { writePng } from "./files/png-file.ts";
export { nodePlatform } from "./platform.ts";
// In folders and on Node's platform, these come in place of the functions of latentkit/runs that they are named after.
export { loadRun, openRun, resumeRun, resumeStages, startRun, trainingStages } from "./runs.ts";
export { compareRuns, reproduceRow, searchRuns, solverSweep } from "./studies.ts";
export { load, train } from "./train.ts";
