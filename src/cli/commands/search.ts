import type { Command } from "commander";
import { z } from "zod";
import { ConfigError } from "../../errors.ts";
import { checkPrior } from "../options/run-prior.ts";
import type { ModelDefinition } from "../../models/definition.ts";
import { namedModel } from "../../node/model-files.ts";
import { dataOptions, givenDataOptions } from "../../data/options.ts";
import { ownPrior } from "../../evaluation/metrics/generated.ts";
import { searchRuns } from "../../node/studies.ts";
import { bestOf, type Trial, type TriedRun } from "../../runs/studies/search-runs.ts";
import { trainingSettings } from "../../training/settings.ts";
import { checkedConfig, isOfModel } from "../options/model-spec.ts";
import { durationText, metricText } from "../output/progress.ts";
import { parseSpace, type Point, pointsOf } from "../options/search-space.ts";
import { givenTraining } from "../options/training-overrides.ts";
import { addSettings, collect, givenSettings, parseSettings } from "../options/settings.ts";
import { markdownTable, table } from "../output/table.ts";
import { follow, unattended } from "../follow-runs.ts";
import { loadProgress } from "../output/show-load-progress.ts";
import { print, printJson } from "../output/terminal.ts";

const training = givenTraining.pick({ epochs: true, steps: true, patience: true, device: true, threads: true });
const settings = z.strictObject({
  data: z.string().min(1).max(1000).default("digits").describe("data to train on: see latentkit data list"),
  out: z.string().min(1).max(1000).optional().describe("folder of the runs (default runs/search-MODEL)"),
  trials: z.int().positive().max(100_000).optional().describe("number of trials (default: the whole grid)"),
  metric: z
    .string()
    .optional()
    .describe(
      "metric to select by: a validation metric, or one of evaluate (default: nll of a model with a likelihood, else what selects its weights)",
    ),
  ...training.shape,
  ...dataOptions.shape,
  samples: z.int().positive().max(1_000_000).default(100).describe("samples of z per example, for the likelihood"),
  generated: z.int().positive().max(10_000_000).default(10_000).describe("number of generated examples"),
  priors: z.array(z.string()).min(1).optional().describe("priors to sample from; the first one selects"),
  count: z.int().positive().optional().describe("number of validation examples, drawn at random (default: all)"),
  seed: z.int().min(0).default(0).describe("random seed (trials, initialization, shuffling, noise)"),
});

interface Flags {
  readonly json?: boolean;
  readonly markdown?: boolean;
  readonly set?: readonly string[];
}

export function define(command: Command): void {
  addSettings(command.argument("<model>", "see latentkit models; or a file that exports one of your own"), settings)
    .option("--set <key=values>", "settings of the model or of training: 8,16,32, or 4..64, or 1e-4..1e-2:log", collect)
    .option("--json", "print one JSON object")
    .option("--markdown", "print the table as Markdown")
    .addHelpText(
      "after",
      `
Each trial is a run of its own in --out, all with the same seed, evaluated on the validation split: the test split
is not used, and is left for the selected run. Values of a setting that is a list are separated by slashes:
hiddenDims=400/400,200. Finished work is kept: stop with Ctrl-C, and run the same command again, or with more --trials, to resume.

Examples:
  latentkit search vae --data digits --set latentDim=8,16,32 --set learningRate=1e-3,3e-3 --epochs 5
  latentkit search ae --trials 10 --set latentDim=4..64:log --set learningRate=1e-4..1e-2:log --metric mse
  latentkit search rae --set lambda=1e-4,1e-3,1e-2 --metric frechet --priors gmm:10`,
    )
    .action(async (name: string, flags: Flags) => {
      const found = await namedModel(name);
      const { definition } = found;
      const model = definition.name;
      const asked = parseSettings(settings, givenSettings(settings, flags));
      const { out = `runs/search-${model}`, data, trials, metric, samples, generated, priors, count, seed } = asked;
      for (const prior of priors ?? []) if (prior !== ownPrior) checkPrior(prior);
      if (!flags.set) throw new ConfigError("search: empty search space, got no --set, expected --set key=values");
      const points = pointsOf(parseSpace(definition, flags.set), { trials, seed });
      const request = {
        ...found,
        trials: points.map((point) => trialOf(definition, point, givenSettings(training, asked))),
        out,
        data,
        dataOptions: givenDataOptions(asked),
        seed,
        metric,
        measuring: {
          split: "validation" as const,
          seed,
          samples,
          generated,
          ...(priors && { priors }),
          ...(count !== undefined && { count }),
        },
      };
      process.exitCode = await unattended(async (signal) => {
        const tried = await follow(searchRuns({ ...request, onLoadProgress: loadProgress() }, signal));
        if (!tried) return undefined;
        const best = bestOf(tried);
        if (flags.json) {
          const all = tried.map(({ trial, path, result, trainingSeconds }, i) => ({
            run: path,
            settings: points[i],
            result,
            trainingSeconds,
            best: tried[i] === best,
            label: trial.label,
          }));
          printJson({ model, data, seed, metric: metric ?? best?.result?.name, split: "validation", trials: all });
        } else print(described(points, tried, best, flags.markdown ? markdownTable : table));
        return true;
      });
    });
}

function trialOf(definition: ModelDefinition, point: Point, common: Readonly<Record<string, unknown>>): Trial {
  const [own, others] = [true, false].map((model) =>
    Object.fromEntries(Object.entries(point).filter(([key]) => isOfModel(definition, key) === model)),
  ) as [Point, Point];
  const all: Readonly<Record<string, unknown>> = parseSettings(trainingSettings, others);
  const settings = Object.fromEntries(Object.keys(others).map((key) => [key, all[key]]));
  const label = Object.entries(point)
    .map(([key, value]) => `${key}=${value}`)
    .join(" ");
  return { label, config: checkedConfig(definition, own), settings: { ...common, ...settings } };
}

function described(
  points: readonly Point[],
  tried: readonly TriedRun[],
  best: TriedRun | undefined,
  show: (rows: readonly (readonly string[])[]) => string,
): string {
  const keys = Object.keys(points[0]!);
  const { result } = best ?? {};
  const name = result ? [result.name, result.of].filter((part) => part !== undefined).join(", ") : "value";
  const rows = tried.map((run, i) => [
    run === best ? "best" : "",
    ...keys.map((key) => points[i]![key]!),
    run.result ? metricText(run.result.value) : "diverged",
    run.result?.standardError === undefined ? "" : `± ${metricText(run.result.standardError)}`,
    durationText(run.trainingSeconds),
    run.path,
  ]);
  return `${show([["", ...keys, name, "", "training", "run"], ...rows])}\n\non the validation split`;
}
