import type { ModelDefinition, Preset } from "../models/definition.ts";
import { idleSettings } from "../models/idle-settings.ts";
import type { DataSpec } from "../models/model.ts";
import { defaultEpochs, trainingSettings, type TrainingSettings } from "./settings.ts";

/** Settings with nothing left open. */
export interface Chosen {
  readonly config: object;
  readonly settings: TrainingSettings;
  /** The presets that fit the data, with what was taken of each: settings that were given win. */
  readonly presets: readonly Taken[];
}

/** What was taken of a preset. */
export type Taken = Required<Omit<Preset, "fits">>;

/**
 * What is given, then what suits the data, then defaults. What is given was checked where it came from. `examples` is how many
 * are trained on. Throws ConfigError for a given setting that does nothing with the others, unless it is the default.
 */
export function withPresets(
  { config: schema, presets = [] }: Pick<ModelDefinition, "config" | "presets">,
  given: { readonly config: object; readonly settings: Partial<TrainingSettings> },
  data: DataSpec,
  examples: number,
): Chosen {
  const { steps, epochs } = given.settings;
  const settingsGiven = { ...given.settings, ...((steps ?? epochs) !== undefined && { steps, epochs }) };
  const planned = steps ?? givenEpochs(given.settings, examples);
  const fitting = presets.filter(({ fits }) => fits(data, planned, { ...given.config }));
  const values = schema.parse(Object.assign({}, ...fitting.map(({ config }) => config), given.config)) as Values;
  const idle = idleSettings(schema, { ...given.config }, values);
  const used = (config: Values): Values =>
    Object.fromEntries(Object.entries(config).filter(([key]) => !idle.includes(key)));
  const taken = [...fitting, ...fewExamples(given.settings, examples, hasLength(fitting))]
    .map(({ suits, config, training }): Taken => {
      const left = used(missingFrom(given.config, config));
      return { suits, config: left, training: missingFrom(settingsGiven, training) };
    })
    .filter(({ config, training }) => Object.keys({ ...config, ...training }).length > 0);
  return {
    config: schema.parse(Object.assign({}, ...taken.map(({ config }) => config), given.config)),
    settings: trainingSettings.parse(Object.assign({}, ...taken.map(({ training }) => training), given.settings)),
    presets: taken,
  };
}

/** Steps of a run that nobody gives a length, at least: below that no model here has learned much. */
const fewestSteps = 2000;
/** Batches of an epoch, at least, where nobody gives their size. */
const fewestBatches = 4;

const hasLength = (presets: readonly Preset[]): boolean =>
  presets.some(({ training = {} }) => "steps" in training || "epochs" in training);

/** For whatever model: batches that a small set has several of, and as many epochs as make a run, unless its length is chosen already. */
function fewExamples(given: Partial<TrainingSettings>, examples: number, isLong: boolean): readonly Preset[] {
  const { batchSize: usual, accumulate } = trainingSettings.parse({ ...given, epochs: undefined, steps: undefined });
  // Some losses compare the examples of a batch with each other: it has two where it can.
  const several = Math.min(examples, Math.max(2, Math.floor(examples / fewestBatches / accumulate)));
  const batchSize = given.batchSize ?? Math.min(usual, several);
  const epochs = Math.ceil(fewestSteps / Math.max(1, Math.floor(examples / batchSize / accumulate)));
  const training = { ...(batchSize < usual && { batchSize }), ...(!isLong && epochs > defaultEpochs && { epochs }) };
  return [{ suits: `${examples} training examples`, fits: () => true, training }];
}

/** Steps of the epochs that are given, with batches of the usual size unless that is given too. */
function givenEpochs(given: Partial<TrainingSettings>, examples: number): number | undefined {
  if (given.epochs === undefined) return undefined;
  const { batchSize, accumulate } = trainingSettings.parse({ ...given, steps: undefined });
  return given.epochs * Math.max(1, Math.floor(examples / batchSize / accumulate));
}

type Values = Readonly<Record<string, unknown>>;

const missingFrom = (given: object, values: Values = {}): Values =>
  Object.fromEntries(Object.entries(values).filter(([key]) => !Object.hasOwn(given, key)));
