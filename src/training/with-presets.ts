import type { DataSpec, ModelDefinition, Preset } from "../models/model.ts";
import { trainingSettings, type TrainingSettings } from "./settings.ts";

/** Settings with nothing left open. */
export interface Chosen {
  readonly config: object;
  readonly settings: TrainingSettings;
  /** The presets that fit the data, with what was taken of each: settings that were given win. */
  readonly presets: readonly Taken[];
}

/** What was taken of a preset. */
export type Taken = Required<Omit<Preset, "fits">>;

/** What is given, then what suits the data, then defaults. What is given was checked where it came from. */
export function withPresets(
  { config: schema, presets = [] }: Pick<ModelDefinition, "config" | "presets">,
  given: { readonly config: object; readonly settings: Partial<TrainingSettings> },
  data: DataSpec,
): Chosen {
  const { steps, epochs } = given.settings;
  const settingsGiven = { ...given.settings, ...((steps ?? epochs) !== undefined && { steps, epochs }) };
  const taken = presets
    .filter(({ fits }) => fits(data))
    .map(({ suits, config, training }): Taken => {
      const left = missingFrom(given.config, config);
      return { suits, config: left, training: missingFrom(settingsGiven, training) };
    })
    .filter(({ config, training }) => Object.keys({ ...config, ...training }).length > 0);
  return {
    config: schema.parse(Object.assign({}, ...taken.map(({ config }) => config), given.config)),
    settings: trainingSettings.parse(Object.assign({}, ...taken.map(({ training }) => training), given.settings)),
    presets: taken,
  };
}

type Values = Readonly<Record<string, unknown>>;

const missingFrom = (given: object, values: Values = {}): Values =>
  Object.fromEntries(Object.entries(values).filter(([key]) => !Object.hasOwn(given, key)));
