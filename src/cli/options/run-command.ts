/** Options of commands on a trained run. */
import type { Command } from "commander";
import type { z } from "zod";
import { deviceNames } from "../../runtime/device.ts";
import { loadRun } from "../../node/runs.ts";
import type { LoadedRun, WhichCheckpoint } from "../../runs/load-run.ts";
import type { PickedDevice } from "../../runs/platform.ts";
import { parseDeviceName, pickDevice } from "../../node/devices/pick-device.ts";
import { namedModel } from "../../node/model-files.ts";
import { kindOf } from "../../kinds/registry.ts";
import { ConfigError } from "../../errors.ts";
import { quoted } from "../../serialization/quoted.ts";
import { loadProgress } from "../output/show-load-progress.ts";
import { pickedText } from "../output/picked-text.ts";
import { printAside } from "../output/terminal.ts";
import { checkKind, imageGridKinds, type FileKind, type OutputOptions } from "../output/write-output.ts";
import { addConditionOptions, type ConditionOptions, optionCondition } from "./condition.ts";
import { addExampleOptions, type ExampleOptions } from "./run-examples.ts";
import { addSettings } from "./settings.ts";

export interface DeviceOptions {
  readonly device?: string;
  readonly threads?: string;
  readonly checkpoint?: string;
  readonly model?: string;
  /** False where the last weights are asked for in place of their averages. */
  readonly ema?: boolean;
}

export const addDeviceOptions = (command: Command): Command =>
  command
    .option("--device <name>", `where to compute: ${deviceNames.join(", ")} (default auto)`)
    .option("--threads <n>", "CPU threads; 0 for one per core (default 0)")
    .option("--model <file>", "model file of a run of your own model, if it has moved or changed")
    .option("--checkpoint <which>", "best, last, or its step (default: best, last of a run of --patience 0)")
    .option("--no-ema", "the weights themselves, in place of their moving average");

/** The device that the options ask for. */
export async function optionDevice({ device = "auto", threads = "0" }: DeviceOptions): Promise<PickedDevice> {
  const name = parseDeviceName(device);
  if (!/^\d+$/.test(threads))
    throw new ConfigError(`--threads: not a number, got "${threads}", expected an integer from 0 to 1024`);
  const picked = await pickDevice(name, Number(threads));
  if (picked.remedy !== undefined) printAside(`device  ${pickedText(picked)}`);
  return picked;
}

export const escapeFormulas = [
  "--escape-formulas",
  "in .csv files, text that a spreadsheet would run as a formula begins with an apostrophe",
] as const;

const addOutputOptions = (command: Command): Command =>
  command
    .option("--out <file>", "file to write: an image (.png) or an array (.npy); default: in the run's samples/")
    .option(...escapeFormulas)
    .option("--json", "print one JSON object");

/** What the options of `addRunOptions` may be. */
export interface RunOptions extends DeviceOptions, OutputOptions, ConditionOptions, ExampleOptions {}

/** Adds the run as the argument of a command, and the options that commands on runs have in common. */
export function addRunOptions(
  command: Command,
  has: {
    readonly settings?: z.ZodType;
    readonly examples?: boolean;
    readonly output?: boolean;
    readonly condition?: boolean;
  },
): Command {
  command.argument("<run>", "folder of a run");
  if (has.settings) addSettings(command, has.settings);
  if (has.examples) addExampleOptions(command);
  addDeviceOptions(command);
  if (has.output) addOutputOptions(command);
  return has.condition ? addConditionOptions(command) : command;
}

/** Loads a run, after everything that can be wrong with the options has been found. */
export async function optionRun(
  path: string,
  options: DeviceOptions & OutputOptions & ConditionOptions,
  kinds?: readonly FileKind[],
): Promise<LoadedRun> {
  if (options.out !== undefined) checkKind(options.out, kinds);
  const checkpoint = options.checkpoint === undefined ? undefined : parseCheckpoint(options.checkpoint);
  const { device } = await optionDevice(options);
  const named = options.model === undefined ? undefined : await namedModel(options.model);
  const loaded = await loadRun(path, device, {
    ...(checkpoint !== undefined && { checkpoint }),
    ...(named && { named }),
    ...(options.ema === false && { ema: false }),
    onLoadProgress: loadProgress(),
  });
  // A file that cannot hold examples of this kind is refused before anything is computed for it.
  if (options.out !== undefined && kinds === imageGridKinds) checkKind(options.out, kindOf(loaded.trained.kind).files);
  const condition = optionCondition(loaded.run.info, options);
  return condition ? { ...loaded, trained: loaded.trained.given(condition) } : loaded;
}

/** A run that --guide names, RUN or RUN@CHECKPOINT, on the device of another. */
export function guideRun(text: string, { trained }: LoadedRun): Promise<LoadedRun> {
  const [, path = text, which] = /^(.+)@(best|last|\d{1,15})$/s.exec(text) ?? [];
  const checkpoint = which === undefined ? {} : { checkpoint: parseCheckpoint(which) };
  return loadRun(path, trained.store.device, { ...checkpoint, onLoadProgress: loadProgress() });
}

function parseCheckpoint(text: string): WhichCheckpoint {
  if (text === "best" || text === "last") return text;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new ConfigError(`--checkpoint: none by that name, got ${quoted(text)}, expected best, last, or a step`);
}
