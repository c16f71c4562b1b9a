import { readMat } from "../../../data/formats/mat.ts";
import type { DataSource } from "../../../data/split.ts";
import { openFile } from "../open-file.ts";
import { type ArrayOptions, arraysSource } from "./numpy.ts";

/** Opens a MATLAB file by the rule of `readMat`. Parts it lacks are held out, a tenth each, as `options` say. */
export async function openMat(path: string, options: ArrayOptions): Promise<DataSource> {
  return arraysSource(path, await readMat((await openFile(path))!), options);
}
