/** Options of commands that make several examples of each of some, such as edits of it. */
import { z } from "zod";
import type { Split } from "../../data/split.ts";
import { ConfigError } from "../../errors.ts";
import type { Shape } from "../../graph/shape.ts";
import type { LoadedRun } from "../../runs/load-run.ts";
import {
  optionExamples,
  pickedExamples,
  placesSetting,
  type RunExamples,
  splitSetting,
  usualPlaces,
} from "./run-examples.ts";

/** Which examples, and how many of each: `verb` is what is done with them, `made` what there are `count` of. */
export const variedSettings = ({ verb, made, count }: { verb: string; made: string; count: number }) =>
  z.strictObject({
    examples: placesSetting
      .optional()
      .describe(`examples to ${verb}, by index in the split or in the file (default: 0, of --image all of at most 16)`),
    count: z.int().positive().max(1000).default(count).describe(`number of ${made}`),
    seed: z.int().min(0).default(0).describe("random seed"),
    split: splitSetting,
  });
type VariedSettings = z.output<ReturnType<typeof variedSettings>>;

/** Where the examples are from, in place of the run's own data. Throws ConfigError where both are given. */
export function givenSource({ image, data }: { readonly image?: string; readonly data?: string }): string | undefined {
  if (image !== undefined && data !== undefined)
    throw new ConfigError("--image: it replaces --data, got both, expected one of them");
  return image ?? data;
}

export interface VariedExamples extends Pick<RunExamples, "data" | "splitName"> {
  readonly picked: Split;
  /** Their places in the split. */
  readonly places: readonly number[];
}

/** The examples that the options ask for; `shape`: of those of --image, where it is not the model's. */
export async function variedExamples(
  loaded: LoadedRun,
  options: { readonly image?: string; readonly data?: string },
  { examples, split: wanted }: VariedSettings,
  shape?: Shape,
): Promise<VariedExamples> {
  const given = options.image !== undefined;
  const source = givenSource(options);
  const { split, ...from } = await optionExamples(loaded, source === undefined ? {} : { data: source }, wanted, {
    ...(given && shape && { shape }),
  });
  const places = examples ?? usualPlaces(split, given);
  return { ...from, places, picked: pickedExamples(split, places, "--examples") };
}
