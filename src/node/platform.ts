import { runModel } from "./model-files.ts";
import { withComposedData } from "../runs/codes/with-composed-data.ts";
import type { Platform } from "../runs/platform.ts";
import { cpuDevice } from "../runtime/node.ts";
import { openDataSource } from "./data/source.ts";
import { pickDevice } from "./devices/pick-device.ts";
import { openExtractor } from "./extractors/open-extractor.ts";
import { FileStore } from "./files/file-store.ts";
import { nodeTrackers } from "./trackers/trackers.ts";

/** Runs in folders, data in files, and the devices of this machine. */
export const nodePlatform: Platform = withComposedData({
  versions: { node: process.versions.node },
  openStore: (path) => new FileStore(path),
  findModel: runModel,
  openData: openDataSource,
  pickDevice,
  evaluationDevice: () => cpuDevice(1),
  openExtractor,
  trackers: nodeTrackers,
});
