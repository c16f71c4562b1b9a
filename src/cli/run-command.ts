/** What commands that use a trained run share. */
import type { Command } from "commander";
import { deviceNames } from "../runtime/device.ts";
import { type LoadedRun, loadRun } from "../node/load-run.ts";
import { parseDeviceName, pickDevice, type PickedDevice } from "../node/pick-device.ts";
import { ConfigError } from "../errors.ts";
import { checkKind, type OutputOptions } from "./finish-sheet.ts";

export interface DeviceOptions {
  readonly device?: string;
  readonly threads?: string;
}

export const addDeviceOptions = (command: Command): Command =>
  command
    .option("--device <name>", `where to compute: ${deviceNames.join(", ")} (default auto)`)
    .option("--threads <n>", "threads of the CPU; 0 for one per core (default 0)");

/** The device that the options ask for. */
export function optionDevice({ device = "auto", threads = "0" }: DeviceOptions): Promise<PickedDevice> {
  const name = parseDeviceName(device);
  if (!/^\d+$/.test(threads))
    throw new ConfigError(`--threads: not a number, got "${threads}", expected an integer from 0 to 1024`);
  return pickDevice(name, Number(threads));
}

export const addOutputOptions = (command: Command): Command =>
  command
    .option("--out <file>", "file to write: a picture (.png), or the numbers (.npy); default: into the run's samples/")
    .option("--json", "print one JSON object");

/** Loads a run, after everything that can be wrong with the options has been found. */
export async function optionRun(path: string, options: DeviceOptions & OutputOptions): Promise<LoadedRun> {
  if (options.out !== undefined) checkKind(options.out);
  return loadRun(path, (await optionDevice(options)).device);
}
