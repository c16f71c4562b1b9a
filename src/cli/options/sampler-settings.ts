import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { LatentkitError } from "../../errors.ts";
import { samplerOptions } from "../../evaluation/samples/shown-samples.ts";
import type { Model } from "../../models/model.ts";
import { ancestralOptions, samplerOf } from "../../models/sampler.ts";
import { namedModel } from "../../node/model-files.ts";
import { nodePlatform } from "../../node/platform.ts";
import { openRun } from "../../node/runs.ts";
import { readRunSpec, runModelOf } from "../../runs/run-spec.ts";
import { givenSettings, parseSettings } from "./settings.ts";

/**
 * The options of the sampler of the run among a command's arguments, or of the run that --prior names, less whether means are shown, which
 * has a flag of its own. Those of ancestral sampling where there is no run, or one that cannot be read: the command then says why.
 */
export async function samplerSettings(args: readonly string[]): Promise<z.ZodObject> {
  return samplerOptions((await runOptions(args, samplerOf)) ?? ancestralOptions);
}

/** The options of the editor of the run among a command's arguments; none where there is no such run, or it has no editor. */
export const editorSettings = async (args: readonly string[]): Promise<z.ZodObject> =>
  (await runOptions(args, ({ editor }) => editor)) ?? z.strictObject({});

/** Options of a sampler or an editor among a command's flags: all of them in their types, and those that were given. */
export function ownSettings(
  own: z.ZodObject,
  flags: object,
): { readonly all: Readonly<Record<string, unknown>>; readonly given: Readonly<Record<string, unknown>> } {
  const asked = givenSettings(own, flags);
  const all: Readonly<Record<string, unknown>> = parseSettings(own, asked);
  return { all, given: Object.fromEntries(Object.keys(asked).map((key) => [key, all[key]])) };
}

async function runOptions(
  args: readonly string[],
  of: (model: Model) => { readonly options: z.ZodType } | undefined,
): Promise<z.ZodObject | undefined> {
  const at = args.findIndex((argument) => /^--prior(=|$)/.test(argument));
  const [, prior = args[at + 1]] = /^--prior=(.*)/s.exec(args[at] ?? "") ?? [];
  const isRun = (path: string): boolean => existsSync(join(path, "run.json"));
  // Of several priors the first: all are given the same options.
  const [first] = at < 0 ? [] : (prior ?? "").split(",").filter(isRun);
  const path = first ?? args.find(isRun);
  if (path === undefined) return undefined;
  try {
    const run = await openRun(path);
    const file = modelOption(args);
    // --model is of the run itself, not of its prior.
    const named = file === undefined || first !== undefined ? undefined : await namedModel(file);
    const options = of(runModelOf(run.info, await readRunSpec(run, nodePlatform, named), named))?.options;
    return options instanceof z.ZodObject ? options : undefined;
  } catch (error) {
    if (error instanceof LatentkitError) return undefined;
    throw error;
  }
}

/** What the arguments give to --model: the run's options are those of that file. */
function modelOption(args: readonly string[]): string | undefined {
  const at = args.indexOf("--model");
  return at === -1 ? args.find((each) => each.startsWith("--model="))?.slice("--model=".length) : args[at + 1];
}
