import type { Command } from "commander";
import { z } from "zod";
import { ConfigError, UnsupportedOpError } from "../../errors.ts";
import { has, lacking, requireCapabilities } from "../../evaluation/capabilities.ts";
import { densityForms } from "../../latent/density.ts";
import { givesMeans } from "../../evaluation/shown-samples.ts";
import { kindOf } from "../../kinds/registry.ts";
import { sampleGrid } from "../../runs/pictures/run-pictures.ts";
import { addRunOptions, optionRun, type RunOptions } from "../options/run-command.ts";
import { optionCondition } from "../options/condition.ts";
import { checkPrior, optionPrior, priorSetting } from "../options/run-prior.ts";
import { samplerSettings } from "../options/sampler-settings.ts";
import { givenSettings, parseSettings } from "../options/settings.ts";
import { LineProgress } from "../output/line-progress.ts";
import { finishImageGrid, samplesFile, imageGridKinds } from "../output/write-output.ts";

const sampleSettings = z.strictObject({
  count: z.int().positive().max(100_000).default(64).describe("number of samples"),
  seed: z.int().min(0).default(0).describe("random seed"),
  show: z
    .enum(["samples", "means"])
    .optional()
    .describe("samples or means of p(x|z) (default: means for images, samples otherwise)"),
  prior: priorSetting,
  radius: z
    .number()
    .positive()
    .max(1e6)
    .optional()
    .describe("norm of the codes in standard deviations of the prior; a typical sample has sqrt(latentDim)"),
});

export async function define(command: Command, args: readonly string[] = []): Promise<void> {
  // The options of the run's sampler are flags too.
  const own = await samplerSettings(args);
  addRunOptions(command, { settings: sampleSettings.extend(own.shape), output: true, condition: true })
    .addHelpText(
      "after",
      `
The sampler of a run may have further options: latentkit sample RUN --help lists them.

Examples:
  latentkit sample runs/vae-digits-1
  latentkit sample runs/vae-digits-1 --count 400 --temperature 0.7 --out samples.png
  latentkit sample runs/cvae-digits-1 --label 7
  latentkit sample runs/cvae-faces-npz-1 --condition attributes=1,0,0.5
  latentkit sample runs/ae-digits-1 --prior gmm:10
  latentkit sample runs/vae-digits-1 --radius 9
  latentkit sample runs/vae-people-csv-1 --count 1000 --out people.csv`,
    )
    .action(async (path: string, options: RunOptions) => {
      const given = givenSettings(sampleSettings, options);
      const { prior, radius, show, count, seed } = parseSettings(sampleSettings, given);
      const givenOwn = givenSettings(own, options);
      const ownOptions: Readonly<Record<string, unknown>> = parseSettings(own, givenOwn);
      const givenTemperature = "temperature" in givenOwn ? ownOptions["temperature"] : undefined;
      checkPrior(prior);
      if (radius !== undefined && givenTemperature !== undefined)
        throw new ConfigError("--radius: it replaces --temperature, got both, expected one of them");
      const { label: _, condition: __, ...unconditional } = options;
      const found = await optionRun(path, unconditional, imageGridKinds);
      const condition = optionCondition(found.run.info, options);
      // A prior may take a class where the model itself takes none.
      const forModel = condition && (prior === undefined || has(found.trained.model, "classConditional"));
      const loaded = forModel ? { ...found, trained: found.trained.given(condition) } : found;
      const { trained, step, run } = loaded;
      const { model } = trained;
      const density = prior !== undefined || radius !== undefined;
      if (!density)
        requireCapabilities(model, ["sample"], {
          where: path,
          ...(!lacking(model, ["encode", "decode", "vector"]) && { remedy: `--prior with one of ${densityForms}` }),
        });
      const from = density ? await optionPrior(loaded, prior, options) : undefined;
      if (radius !== undefined && !from)
        throw new UnsupportedOpError(
          `${path}: --radius is a distance in a standard normal space, got a model with another p(z), expected one of N(0, I), or --prior with one of ${densityForms}`,
        );
      if (radius !== undefined && from && !from.mixture)
        throw new ConfigError(
          `--radius: it is of a Gaussian prior, got the run ${from.name}, expected one of ${densityForms}`,
        );
      const takesMean = givesMeans(model);
      const means = show === undefined ? kindOf(trained.kind).shows === "means" : show === "means";
      const progress = new LineProgress("sampling, steps");
      const grid = await sampleGrid(trained, {
        count,
        seed,
        radius,
        prior: from,
        condition,
        // Of a density of codes too, where it is given.
        ...(typeof givenTemperature === "number" && { temperature: givenTemperature }),
        mean: means && takesMean,
        options: Object.fromEntries(Object.keys(givenOwn).map((key) => [key, ownOptions[key]])),
        onStep: options.json ? undefined : (done, total) => progress.show(done, total),
      });
      await finishImageGrid(grid, options, {
        title: takesMean ? (means ? "means of p(x|z)" : "samples of p(x|z)") : density ? "means of p(x|z)" : "samples",
        file: samplesFile(path, "samples.png"),
        columns: run.info.data.columns,
        details: {
          run: path,
          step,
          count,
          seed,
          ...ownOptions,
          show: takesMean ? (means ? "means" : "samples") : density ? "means" : "samples",
          radius,
          prior: prior === undefined ? undefined : (from?.fit ?? prior),
          label: options.label,
          condition: options.condition,
        },
      });
    });
}
