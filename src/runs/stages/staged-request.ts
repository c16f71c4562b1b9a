import { type DataOptions, givenDataOptions, type OnLoadProgress } from "../../data/options.ts";
import { seenSpec } from "../../data/is-binary.ts";
import type { DataSource } from "../../data/split.ts";
import type { DataSpec } from "../../data/spec.ts";
import { splitSpec } from "../../data/split-spec.ts";
import { ConfigError } from "../../errors.ts";
import { codeOf } from "../../evaluation/capabilities.ts";
import { checkModel } from "../../evaluation/checks/check-model.ts";
import { buildModel } from "../../models/build-model.ts";
import { type CodesModel, defineModel, type ModelDefinition } from "../../models/definition.ts";
import { asCodesConfig, splitConfig } from "../../models/given-config.ts";
import { nearestName } from "../../nearest-name.ts";
import { isSetting, parseSettings, settingsOf, settingText } from "../../settings-schema.ts";
import { optimizerFor, totalSteps, trainingSettings, type TrainingSettings } from "../../training/settings.ts";
import { type Chosen, withPresets } from "../../training/with-presets.ts";
import { isCodes } from "../codes/codes-source.ts";
import type { Platform } from "../platform.ts";
import type { RunRequest } from "../start-run.ts";
import { codesSetting } from "./codes-setting.ts";

type Given = Readonly<Record<string, unknown>>;

/** A request for a model that is trained on the codes of another, as a request for each of the two. */
export interface StagedRequest {
  readonly first: RunRequest;
  /** Its data are the codes. */
  readonly main: Pick<RunRequest, "definition" | "modelFile" | "config" | "settings" | "seed"> & DataOptions;
  /** What they are trained with: what is given, presets and defaults. */
  readonly chosen: { readonly first: Chosen; readonly main: Chosen };
}

/** Settings of training that the first stage can be given, where its model has no setting of the name. */
const ownTraining = trainingSettings
  .pick({ epochs: true, steps: true, batchSize: true, learningRate: true, schedule: true, patience: true })
  .partial();
const sharedTraining = ["device", "threads", "checkpointEvery", "validateEvery", "tensorboard", "mlflow"] as const;

/** Opens the data of a request; how codes are taken is of its second stage where it has one, unless the data are codes already. */
export function openRequestData(
  request: RunRequest,
  platform: Pick<Platform, "openData">,
  onProgress: OnLoadProgress | undefined,
): Promise<DataSource> {
  const { codes, ...others } = givenDataOptions(request);
  const reading = request.definition.codes && !isCodes(request.data) ? others : { ...others, ...(codes && { codes }) };
  return platform.openData(request.data, { ...reading, ...(onProgress && { onProgress }) });
}

/**
 * The stages of a request: nothing where the model is trained on the data themselves. Whatever is wrong with the settings of either stage is
 * found here, before the first is trained. Throws ConfigError.
 */
export function stagedRequest(request: RunRequest, source: DataSource): StagedRequest | undefined {
  const { definition, modelFile, settings, seed } = request;
  const { own, codes } = splitConfig(request.config);
  const spec = seenSpec(source.train);
  const value = codesSetting(request, spec);
  const model = definition.codes?.[value];
  if (!model) {
    const [key] = Object.keys(codes);
    if (key === undefined) return undefined;
    throw new ConfigError(
      `codes.${key}: it does nothing with codes=${value}, got ${settingText(codes[key])}, expected codes to be ${Object.keys(definition.codes ?? {}).join(" or ")}`,
    );
  }
  const { codes: take } = givenDataOptions(request);
  const first = firstStage(model, codes, request, source);
  const main = {
    definition,
    modelFile,
    config: { ...own, codes: value },
    settings,
    seed,
    ...(take && { codes: take }),
  };
  const { chosen, spec: codesSpec } = firstChosen(first, source);
  return { first, main, chosen: { first: chosen, main: mainChosen(main, codesSpec) } };
}

/** The settings of both stages as a request for them can give them. */
export function stagedSettings({ chosen: { first, main } }: StagedRequest): Pick<Chosen, "config" | "settings"> {
  const training = pick(first.settings, (key) => key in ownTraining.shape);
  return { config: { ...main.config, ...asCodesConfig({ ...training, ...first.config }) }, settings: main.settings };
}

function firstStage(
  stage: CodesModel,
  codes: Given,
  { data, binarize, seed, settings, ...request }: RunRequest,
  source: DataSource,
): RunRequest {
  const { definition: model } = stage;
  const { config, training } = codesGiven(model, codes);
  const { steps, epochs, batchSize = trainingSettings.parse({}).batchSize } = training;
  const batches = Math.max(1, Math.floor(source.train.indices.length / batchSize));
  const planned = steps ?? (epochs === undefined ? undefined : epochs * batches);
  const own = { suits: "codes to train on", fits: () => true, ...stage.preset(seenSpec(source.train), planned) };
  const { codes: _, ...reading } = givenDataOptions(request);
  return {
    definition: defineModel({ ...model, presets: [...(model.presets ?? []), own] }),
    config,
    settings: { ...sharedOf(settings), ...training },
    data,
    binarize,
    seed,
    ...reading,
  };
}

/** The settings that the first stage is given, of its model and of its training, in their types. Throws ConfigError. */
export function codesGiven(
  model: Pick<ModelDefinition, "config">,
  codes: Given,
): { readonly config: Given; readonly training: Partial<TrainingSettings> } {
  const ofModel = pick(codes, (key) => isSetting(model.config, key));
  const ofTraining = pick(codes, (key) => !Object.hasOwn(ofModel, key) && key in ownTraining.shape);
  const unknown = Object.keys(codes).find((key) => !Object.hasOwn(ofModel, key) && !Object.hasOwn(ofTraining, key));
  if (unknown !== undefined) refuseUnknown(unknown, model);
  const nameOf = (key: string): string => `codes.${key}`;
  const config: object = parseSettings(model.config, ofModel, nameOf);
  const training = parseSettings(ownTraining, ofTraining, nameOf);
  return {
    config: pick(config, (key) => Object.hasOwn(ofModel, key)),
    training: pick(training, (key) => Object.hasOwn(ofTraining, key)),
  };
}

/** Of the settings of training those that are for both stages: where to compute, what to keep and where to report. */
export const sharedOf = (settings: Partial<TrainingSettings>): Partial<TrainingSettings> =>
  pick(settings, (key) => (sharedTraining as readonly string[]).includes(key));

function refuseUnknown(key: string, { config }: Pick<ModelDefinition, "config">): never {
  const known = [...settingsOf(config).map((setting) => setting.key), ...Object.keys(ownTraining.shape)];
  const nearest = nearestName(key, known);
  throw new ConfigError(
    `codes.${key}: unknown setting, got "${key}", expected one of ${known.join(", ")}${nearest ? `; did you mean ${nearest}?` : ""}`,
  );
}

/** What the first stage is trained with, and what the second is built for. */
function firstChosen(
  { definition, config, settings }: RunRequest,
  { train }: DataSource,
): { readonly chosen: Chosen; readonly spec: DataSpec } {
  const chosen = withPresets(definition, { config, settings }, seenSpec(train), train.indices.length);
  const spec = splitSpec(train);
  const model = buildModel(definition, chosen.config, spec, definition.name);
  checkModel(definition.name, model, spec, chosen.settings.batchSize);
  const latent = codeOf(model) ?? model.latents?.at(-1);
  if (!latent)
    throw new ConfigError(`codes: ${definition.name} has no codes here, got a model without latents, expected others`);
  const classes = spec.fields?.filter(({ name }) => name === "class") ?? [];
  const { length } = train.indices;
  const codes = { kind: "codes", shape: latent.shape, range: null, size: length, examples: length };
  return { chosen, spec: { ...codes, ...(classes.length > 0 && { fields: classes }) } };
}

/** What the second stage is trained with. Throws ConfigError where it would be refused, which is known before the first is trained. */
function mainChosen({ definition, modelFile, ...given }: StagedRequest["main"], spec: DataSpec): Chosen {
  const chosen = withPresets(definition, given, spec, spec.examples!);
  const { config, settings } = chosen;
  const where = modelFile?.path ?? definition.name;
  checkModel(where, buildModel(definition, config, spec, where), spec, settings.batchSize);
  optimizerFor(settings, lengthOf(settings, spec.examples!)).scalars({ step: 1, updates: 1, decays: true });
  return chosen;
}

const lengthOf = (settings: TrainingSettings, examples: number): number =>
  totalSteps(settings, Math.max(1, Math.floor(examples / settings.batchSize / settings.accumulate)));

function pick(from: object, wanted: (key: string) => boolean): Given {
  return Object.fromEntries(Object.entries(from).filter(([key]) => wanted(key)));
}
