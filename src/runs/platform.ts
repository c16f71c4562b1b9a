import type { DataSourceOptions, OnLoadProgress } from "../data/options.ts";
import type { DataSource } from "../data/split.ts";
import type { OpenExtractor } from "../evaluation/extractors/extractor.ts";
import type { ModelDefinition } from "../models/definition.ts";
import type { Device, DeviceName } from "../runtime/device.ts";
import type { RunInfo } from "./run-info.ts";
import type { RunStore } from "./storage/store.ts";
import type { Trackers } from "./tracking/tracking.ts";

/** The platform of runs: Node, a browser, a test. */
export interface Platform {
  /** Versions of what the code runs on, for a run's record; that of ONNX Runtime is the device's. */
  readonly versions: Omit<RunInfo["versions"], "onnxruntime">;
  /** The place of the run at a path, whether there is one yet or not. */
  readonly openStore: (path: string) => RunStore;
  /** The definition of a run's model: of the registry, or of the user's file that the run was trained from. `run`: its path. */
  readonly findModel: (info: Pick<RunInfo, "model" | "modelFile">, run: string) => Promise<ModelDefinition>;
  /** The data of a name or path, as --data takes it. */
  readonly openData: (spec: string, options?: DataSourceOptions) => Promise<DataSource>;
  /** `threads`: of the CPU; 0 for one per core. */
  readonly pickDevice: (name?: DeviceName, threads?: number) => Promise<PickedDevice>;
  /** The device of networks that are trained to evaluate others: one thread of a CPU, which gives the same values each time. */
  readonly evaluationDevice: () => Promise<Device>;
  readonly openExtractor: OpenExtractor;
  readonly trackers: Trackers;
}

export interface PickedDevice {
  readonly device: Device;
  /** Why `auto` chose it; undefined where it was named. */
  readonly reason?: string;
  /** How to get a faster one, where `auto` misses it. */
  readonly remedy?: string;
}

/** A platform that reports the progress of reading data. */
export const withLoadProgress = (platform: Platform, onProgress: OnLoadProgress | undefined): Platform =>
  onProgress
    ? { ...platform, openData: (spec, options) => platform.openData(spec, { onProgress, ...options }) }
    : platform;
