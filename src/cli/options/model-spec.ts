/** Models with settings in one word: `vae:beta=4:hiddenDims=400,200`. */
import type { ModelDefinition } from "../../models/definition.ts";
import { type FoundModel, namedModel } from "../../node/model-files.ts";
import { settingsOf } from "../../settings-schema.ts";
import { parseSettings, settingPairs } from "./settings.ts";

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
export function checkedConfig(
  { config }: ModelDefinition,
  given: Readonly<Record<string, string>>,
  where = "--set",
): object {
  const all: Readonly<Record<string, unknown>> = Object.fromEntries(
    Object.entries(parseSettings(config, given, (key) => `${where} ${key}`)),
  );
  return Object.fromEntries(Object.keys(given).map((key) => [key, all[key]]));
}

/** Whether a model has a setting. */
export const hasSetting = ({ config }: ModelDefinition, key: string): boolean =>
  settingsOf(config).some((setting) => setting.key === key);
