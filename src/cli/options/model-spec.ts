/** Models with settings in one word: `vae:beta=4:hiddenDims=400,200`. */
import type { ModelDefinition } from "../../models/definition.ts";
import { givenConfig, splitConfig } from "../../models/given-config.ts";
import { type FoundModel, namedModel } from "../../node/model-files.ts";
import { settingsOf } from "../../settings-schema.ts";
import { settingPairs } from "./settings.ts";

export interface ModelSpec extends FoundModel {
  /** The model with its given settings: `vae beta=4`. */
  readonly label: string;
  /** Settings as typed. */
  readonly given: Readonly<Record<string, string>>;
}

/** Throws ConfigError where the model or one of the settings is not known. */
export async function parseModelSpec(spec: string): Promise<ModelSpec> {
  const [name = "", ...pairs] = spec.split(":");
  const found = await namedModel(name);
  const given = settingPairs(pairs, spec);
  checkedConfig(found.definition, given, spec);
  return { ...found, label: [found.definition.name, ...pairs].join(" "), given };
}

/** The given settings as the model takes them; what is left out is for presets and defaults. Throws ConfigError. */
export const checkedConfig = (
  definition: ModelDefinition,
  given: Readonly<Record<string, string>>,
  where = "--set",
): object => givenConfig(definition, given, (key) => `${where} ${key}`);

/** Whether a setting is one of a model, or of the model whose codes it is trained on; others are of training. */
export const isOfModel = (definition: ModelDefinition, key: string): boolean =>
  hasSetting(definition, key) || Object.keys(splitConfig({ [key]: "" }).codes).length > 0;

/** Whether a model has a setting. */
export const hasSetting = ({ config }: ModelDefinition, key: string): boolean =>
  settingsOf(config).some((setting) => setting.key === key);
