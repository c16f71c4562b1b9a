import type { Command } from "commander";
import { ConfigError } from "../../errors.ts";
import { registry } from "../../models/registry.ts";
import { type FoundModel, namedModel } from "../../node/model-files.ts";
import { givenDataOptions } from "../../data/options.ts";
import { resumeStages, trainingStages } from "../../node/runs.ts";
import type { TrainingStage } from "../../runs/stages/training-stages.ts";
import { trainingSettings } from "../../training/settings.ts";
import { addSettings, collect, givenSettings } from "../options/settings.ts";
import { showTraining } from "../output/show-training.ts";
import {
  effectiveConfig,
  readTrainRequest,
  type TrainFlags,
  trainOptions,
  type TrainRequest,
} from "../options/train-options.ts";
import { extractorProgress } from "../output/line-progress.ts";
import { loadProgress } from "../output/show-load-progress.ts";
import { printJson } from "../output/terminal.ts";

export function define(command: Command): void {
  const names = registry.map(({ name }) => name).join(", ");
  addSettings(
    command.argument("<model>", `one of ${names}, or a file that exports one of your own (.ts, .mts, .js, .mjs)`),
    trainOptions,
  )
    .option("--set <key=value>", "a setting of the model (see latentkit models MODEL); may be repeated", collect)
    .option("--config <file>", "JSON with these options by name in camelCase, the model's settings under set")
    .option("--print-config", "print all settings, presets included, as JSON for --config, and exit")
    .option("--resume", "resume the run in --out; the result is bit for bit that of an uninterrupted run")
    .option("--json", "print JSON, one object per line")
    .addHelpText(
      "after",
      `
Ctrl-C saves a checkpoint and prints the command that resumes.

Examples:
  latentkit train vae
  latentkit train vae --data path/to/mnist --epochs 10 --set hiddenDims=400,200 --set latentDim=10
  latentkit train vae --data path/to/images --print-config > settings.json
  latentkit train vae --config settings.json --epochs 50
  latentkit train vae --out runs/vae-digits-1 --resume
  latentkit train vae --data codes:runs/ae-digits-1
  latentkit train diffusion --data people.csv --set codes.latentDim=32
  latentkit train ./my-model.ts --data digits`,
    )
    .action(async (name: string, flags: TrainFlags & { resume?: boolean; json?: boolean; printConfig?: boolean }) => {
      const model = await namedModel(name);
      const request = await readTrainRequest(model.definition, flags);
      if (flags.printConfig) {
        if (flags.resume)
          throw new ConfigError(
            "--print-config: conflicting options, got --resume too, expected one; run.json has a run's settings",
          );
        printJson(await effectiveConfig(model.definition, request), 2);
        return;
      }
      const stages = (flags.resume ? resume : start)(model, request);
      for await (const stage of stages) {
        process.exitCode = await showTraining(stage, { model: name, json: flags.json ?? false });
        if (process.exitCode !== 0) return;
      }
    });
}

type Open = (model: FoundModel, request: TrainRequest) => AsyncGenerator<TrainingStage>;

const start: Open = (model, { options, given }) => {
  const { out, data, binarize, seed } = options;
  return trainingStages(
    {
      ...model,
      config: given.config,
      settings: givenSettings(trainingSettings, given.options),
      data,
      binarize,
      seed,
      ...givenDataOptions(options),
    },
    {
      command: process.argv.slice(2),
      ...(out !== undefined && { out }),
      onLoadProgress: loadProgress(),
      onExtractorTraining: extractorProgress(),
    },
  );
};

const resume: Open = (model, { given: { options, config } }) => {
  const { out, data, binarize, seed } = options;
  if (out === undefined) throw new ConfigError("--resume: no run, got no --out, expected --out RUN to resume it");
  const settings = givenSettings(trainingSettings, options);
  const again = { model: model.definition.name, config, settings, data, binarize, seed, ...givenDataOptions(options) };
  // A built-in model is named by its name, which the run has already.
  const named = model.modelFile && model;
  const reporting = { onLoadProgress: loadProgress(), onExtractorTraining: extractorProgress() };
  return resumeStages(out, { given: again, named, ...reporting });
};
