/** Settings to try: `latentDim=8,16,32`, `learningRate=1e-4..1e-2:log`. */
import type { z } from "zod";
import { ConfigError } from "../../errors.ts";
import type { ModelDefinition } from "../../models/definition.ts";
import { nearestName } from "../../nearest-name.ts";
import { stream } from "../../random/index.ts";
import { trainingSettings } from "../../training/settings.ts";
import { settingsOf } from "../../settings-schema.ts";
import { parseSettings, settingPairs } from "./settings.ts";

/** One setting, and the values it may take. */
export type Dimension =
  | { readonly key: string; readonly values: readonly string[] }
  | {
      readonly key: string;
      readonly low: number;
      readonly high: number;
      /** Uniform in the logarithm. */
      readonly log: boolean;
      readonly whole: boolean;
    };

/** A point of the space: a value for each setting, as typed. */
export type Point = Readonly<Record<string, string>>;

const rangeForm = /^([-+\d.e]+?)\.\.([-+\d.e]+?)(:log)?$/i;

/**
 * Reads `key=a,b,c` and `key=low..high`, `:log` behind it for the logarithm's uniform; values of a setting that is itself a list are
 * separated by slashes. Throws ConfigError for what is not a setting of the model or of training, and for values they do not take.
 */
export function parseSpace(definition: ModelDefinition, pairs: readonly string[]): readonly Dimension[] {
  return Object.entries(settingPairs(pairs, "--set")).map(([key, text]) => {
    const { schema, name } = settingOf(definition, key);
    const setting = settingsOf(schema).find((each) => each.key === name)!;
    const check = (value: string): unknown => parseSettings(schema, { [name]: value }, () => `--set ${key}`);
    const [, from = "", to = "", log] = rangeForm.exec(text) ?? [];
    if (from === "") {
      const values = text.split(setting.value === "list" ? "/" : ",").map((value) => value.trim());
      values.forEach(check);
      return { key, values };
    }
    [from, to].forEach(check);
    const [low, high] = [Number(from), Number(to)];
    if (!(low < high) || (log && low <= 0))
      throw new ConfigError(
        `--set ${key}: not a range, got ${text}, expected low..high with numbers that rise${log ? " from above 0" : ""}`,
      );
    return { key, low, high, log: log !== undefined, whole: setting.value === "n" };
  });
}

/** The settings that one is of, and its name there: the model's own, those of the models whose codes it is trained on as `codes.KEY`, and those of training. */
function settingOf(definition: ModelDefinition, key: string): { readonly schema: z.ZodType; readonly name: string } {
  const ofCodes = Object.values(definition.codes ?? {}).map((codes) => codes.definition.config);
  const all = new Map<string, { readonly schema: z.ZodType; readonly name: string }>();
  const add = (schema: z.ZodType, prefix = ""): void => {
    for (const { key: name } of settingsOf(schema))
      if (!all.has(prefix + name)) all.set(prefix + name, { schema, name });
  };
  add(definition.config);
  add(trainingSettings);
  for (const schema of ofCodes) add(schema, "codes.");
  if (ofCodes.length > 0) add(trainingSettings, "codes.");
  const found = all.get(key);
  if (found) return found;
  const known = [...all.keys()];
  const nearest = nearestName(key, known);
  throw new ConfigError(
    `--set ${key}: unknown setting, got "${key}", expected one of ${known.join(", ")}${nearest ? `; did you mean ${nearest}?` : ""}`,
  );
}

/**
 * The points to try: the whole grid where `trials` is not given, else a random subset of it; where there is a range
 * each setting is sampled independently. The i-th point of a seed is the same for any number of trials, but for a grid's. Throws ConfigError
 * for a range without a number of trials.
 */
export function pointsOf(
  space: readonly Dimension[],
  { trials, seed }: { readonly trials?: number | undefined; readonly seed: number },
): readonly Point[] {
  const open = space.find((dimension) => "low" in dimension);
  if (open) {
    if (trials === undefined)
      throw new ConfigError(`--trials: a range is not a finite grid, got none for ${open.key}, expected a number`);
    return Array.from({ length: trials }, (_, i) => sampledPoint(space, seed, i));
  }
  const grid = space.reduce<Point[]>(
    (points, dimension) =>
      "values" in dimension
        ? points.flatMap((point) => dimension.values.map((value) => Object.assign({ [dimension.key]: value }, point)))
        : points,
    [{}],
  );
  if (trials === undefined || trials >= grid.length) return grid;
  return Array.from(stream(seed, "trials").permutation(grid.length).subarray(0, trials), (i) => grid[i]!);
}

function sampledPoint(space: readonly Dimension[], seed: number, trial: number): Point {
  const random = stream(seed, "trial", trial);
  return Object.fromEntries(
    space.map((dimension) => {
      const u = random.uniform();
      if ("values" in dimension) return [dimension.key, dimension.values[Math.floor(u * dimension.values.length)]!];
      const { key, log, whole } = dimension;
      // Each whole number gets the interval of half a unit on both its sides.
      const [low, high] = whole ? [dimension.low - 0.5, dimension.high + 0.5] : [dimension.low, dimension.high];
      const value = log ? low * (high / low) ** u : low + u * (high - low);
      return [key, String(whole ? Math.round(value) : Number(value.toPrecision(4)))];
    }),
  );
}
