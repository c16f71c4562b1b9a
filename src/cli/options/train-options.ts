/** The options of `train`, from flags, --set and --config. */
import { readFile, stat } from "node:fs/promises";
import { z } from "zod";
import { BINARIZATIONS } from "../../data/binarize.ts";
import { seenSpec } from "../../data/is-binary.ts";
import { ConfigError } from "../../errors.ts";
import type { ModelDefinition } from "../../models/definition.ts";
import { givenConfig } from "../../models/given-config.ts";
import { dataOptions, givenDataOptions } from "../../data/options.ts";
import { nodePlatform } from "../../node/platform.ts";
import { fileError } from "../../node/files/file-error.ts";
import { openRequestData, stagedRequest, stagedSettings } from "../../runs/stages/staged-request.ts";
import { isJsonObject, parseJsonObject } from "../../serialization/json.ts";
import { defaultEpochs, trainingSettings } from "../../training/settings.ts";
import { withPresets } from "../../training/with-presets.ts";
import { givenSettings, parseSettings, settingPairs } from "./settings.ts";
import { loadProgress } from "../output/show-load-progress.ts";

/** Every flag of `train` that takes a value, and every key of a --config file but `set`. */
export const trainOptions = z.strictObject({
  data: z.string().min(1).max(1000).default("digits").describe("data to train on: see latentkit data list"),
  out: z.string().min(1).max(1000).optional().describe("folder of the run (default runs/MODEL-DATA-N)"),
  ...trainingSettings.shape,
  binarize: z
    .enum(["auto", ...BINARIZATIONS])
    .default("auto")
    .describe("binarization of intensities; auto: dynamic for a likelihood of binary data, else none"),
  ...dataOptions.shape,
  seed: z.int().min(0).default(0).describe("random seed (initialization, shuffling, noise)"),
});
export type TrainOptions = z.output<typeof trainOptions>;

export interface TrainFlags {
  readonly set?: readonly string[];
  readonly config?: string;
}

export interface TrainRequest {
  readonly options: TrainOptions;
  /** Without defaults. */
  readonly given: { readonly options: Partial<TrainOptions>; readonly config: object };
}

/** Reads and checks everything given; flags win over the file. Throws ConfigError naming what is wrong. */
export async function readTrainRequest(definition: ModelDefinition, flags: TrainFlags): Promise<TrainRequest> {
  const file = flags.config === undefined ? {} : await readConfigFile(flags.config);
  const { set: settings = {}, ...fromFile } = file;
  if (!isJsonObject(settings))
    throw new ConfigError(`${flags.config}: "set" is not an object, expected the model's settings by name`);
  const inFile = (key: string): string => `${flags.config}: ${key}`;
  parseSettings(trainOptions, fromFile, inFile);
  givenConfig(definition, settings, inFile);
  const givenOptions = { ...fromFile, ...givenSettings(trainOptions, flags) };
  const allSettings = { ...settings, ...settingPairs(flags.set ?? [], "--set") };
  const options = parseSettings(trainOptions, givenOptions);
  const config = givenConfig(definition, allSettings, (key) => `--set ${key}`);
  return { options, given: { options: only(options, Object.keys(givenOptions)), config } };
}

/** Everything a run with this request would be trained with, in the form of a --config file. Opens the data, which presets are chosen by. */
export async function effectiveConfig(
  definition: ModelDefinition,
  { options, given }: TrainRequest,
): Promise<Record<string, unknown>> {
  const { data, out, binarize, seed } = options;
  const reading = givenDataOptions(options);
  const known = { config: given.config, settings: givenSettings(trainingSettings, given.options) };
  const request = { definition, ...known, data, binarize, seed, ...reading };
  const source = await openRequestData(request, nodePlatform, loadProgress());
  const staged = stagedRequest(request, source);
  const { config, settings } = staged
    ? stagedSettings(staged)
    : withPresets(definition, known, seenSpec(source.train), source.train.indices.length);
  const { epochs = settings.steps === undefined ? defaultEpochs : undefined } = settings;
  return { data, out, ...settings, epochs, binarize, ...reading, seed, set: config };
}

const only = <T extends object>(object: T, keys: readonly string[]): Partial<T> =>
  Object.fromEntries(Object.entries(object).filter(([key]) => keys.includes(key))) as Partial<T>;

const maxConfigBytes = 1_000_000;

async function readConfigFile(path: string) {
  try {
    const found = await stat(path);
    if (!found.isFile()) throw new ConfigError(`${path}: not a file, got a folder or device, expected a JSON file`);
    if (found.size > maxConfigBytes)
      throw new ConfigError(`${path}: too large, got ${found.size} bytes, expected at most ${maxConfigBytes}`);
    return parseJsonObject(await readFile(path, "utf8"), path);
  } catch (error) {
    throw fileError(error, path, "read");
  }
}
