import type { Command } from "commander";
import { z } from "zod";
import { ConfigError, UnsupportedOpError } from "../../errors.ts";
import { densityForms } from "../../latent/density.ts";
import { sampleSheet } from "../../runs/pictures/run-pictures.ts";
import { finishSheet, samplesFile, sheetKinds } from "../output/write-output.ts";
import { addRunOptions, optionRun, type RunOptions } from "../options/run-command.ts";
import { checkPrior, optionPrior, priorSetting } from "../options/run-prior.ts";
import { givenSettings, parseSettings } from "../options/settings.ts";

const sampleSettings = z.strictObject({
  count: z.int().positive().max(100_000).default(64).describe("examples to draw"),
  seed: z.int().min(0).default(0).describe("the same seed draws the same examples"),
  temperature: z.number().min(0).max(100).default(1).describe("spread of the prior; below 1 for safer examples"),
  prior: priorSetting,
  radius: z
    .number()
    .positive()
    .max(1e6)
    .optional()
    .describe(
      "distance of all codes from the prior's mean, in its standard deviations; draws lie near sqrt(latentDim)",
    ),
});

export function define(command: Command): void {
  addRunOptions(command, { settings: sampleSettings, output: true, label: true })
    .addHelpText(
      "after",
      `
Examples:
  latentkit sample runs/vae-digits-1
  latentkit sample runs/vae-digits-1 --count 400 --temperature 0.7 --out samples.png
  latentkit sample runs/cvae-digits-1 --label 7
  latentkit sample runs/ae-digits-1 --prior gmm:10
  latentkit sample runs/vae-digits-1 --radius 9
  latentkit sample runs/vae-people-csv-1 --count 1000 --out people.csv`,
    )
    .action(async (path: string, options: RunOptions) => {
      const given = givenSettings(sampleSettings, options);
      const { prior, radius, ...settings } = parseSettings(sampleSettings, given);
      checkPrior(prior);
      if (radius !== undefined && "temperature" in given)
        throw new ConfigError("--radius: it takes the place of a temperature, got both, expected one of them");
      const loaded = await optionRun(path, options, sheetKinds);
      const { trained, step } = loaded;
      const { abilities } = trained;
      if (prior === undefined && radius === undefined && !abilities.sample && abilities.encode && abilities.decode)
        throw new UnsupportedOpError(
          `${path}: the model has no p(z) to draw from, got none, expected --prior with one of ${densityForms}`,
        );
      const from = prior === undefined && radius === undefined ? undefined : await optionPrior(loaded, prior, options);
      if (radius !== undefined && !from)
        throw new UnsupportedOpError(
          `${path}: --radius is a distance in a standard normal space, got a model with another p(z), expected one of N(0, I), or --prior with one of ${densityForms}`,
        );
      const sheet = await sampleSheet(trained, { ...settings, radius, density: from?.density });
      await finishSheet(sheet, options, {
        title: "samples",
        file: samplesFile(path, "samples.png"),
        columns: loaded.run.info.data.columns,
        details: { run: path, step, ...settings, radius, prior: from?.fit, label: options.label },
      });
    });
}
