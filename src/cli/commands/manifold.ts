import type { Command } from "commander";
import { z } from "zod";
import { ConfigError, UnsupportedOpError } from "../../errors.ts";
import { manifoldGrid, mostInformativeDimensions } from "../../runs/pictures/run-pictures.ts";
import type { TrainedModel } from "../../evaluation/trained-model.ts";
import { finishImageGrid, samplesFile, imageGridKinds } from "../output/write-output.ts";
import { addRunOptions, optionRun, type RunOptions } from "../options/run-command.ts";
import { mixtureOf, namedPrior } from "../options/run-prior.ts";
import { has, lacking, requireCapabilities } from "../../evaluation/capabilities.ts";
import { givenSettings, parseSettings } from "../options/settings.ts";

const manifoldSettings = z.strictObject({
  size: z.int().min(2).max(200).default(20).describe("images per side"),
  dims: z
    .array(z.int().min(0).max(100_000))
    .length(2)
    .optional()
    .describe("latent dimensions of the x and y axes, such as 0,1 (default: the two with the highest KL)"),
  prior: z.enum(["gaussian", "full-gaussian"]).optional().describe("Gaussian fitted to the codes, in place of N(0, 1)"),
});

export function define(command: Command): void {
  addRunOptions(command, { settings: manifoldSettings, output: true, condition: true })
    .addHelpText(
      "after",
      `
Codes are at the percentiles of N(0, 1) from 5 % to 95 %, with all other dimensions 0; with --prior, at the percentiles of
the fitted Gaussian, with all other dimensions at its mean.

Examples:
  latentkit manifold runs/vae-digits-1
  latentkit manifold runs/vae-digits-1 --dims 3,7 --size 12 --out manifold.png
  latentkit manifold runs/ae-digits-1 --prior gaussian`,
    )
    .action(async (path: string, options: RunOptions) => {
      const { size, dims: wanted, prior } = parseSettings(manifoldSettings, givenSettings(manifoldSettings, options));
      const loaded = await optionRun(path, options, imageGridKinds);
      const { run, trained, step } = loaded;
      requireCapabilities(trained.model, ["decode", "vector"], { where: path });
      const { model } = trained;
      if (prior === undefined && !lacking(model, ["encode", "decode"]) && !has(model, "prior"))
        throw new UnsupportedOpError(
          `${path}: the model has no p(z) to take percentiles of, got none, expected --prior gaussian or full-gaussian`,
        );
      const dims = wanted
        ? checkedDims(wanted, trained)
        : await mostInformativeDimensions(trained, async () => (await loaded.openData()).validation);
      const named = prior === undefined ? undefined : await namedPrior(loaded, prior, options);
      const density = named && mixtureOf(named);
      const grid = await manifoldGrid(trained, { dims, size, density });
      await finishImageGrid(grid, options, {
        title: `latent dimensions ${dims[0]} (to the right) and ${dims[1]} (upwards)`,
        file: samplesFile(path, "manifold.png"),
        units: run.info.data,
        details: { run: path, step, dims, size, prior: named?.fit, label: options.label, condition: options.condition },
        terminalRows: 8,
      });
    });
}

function checkedDims(dims: readonly number[], { latentDim }: TrainedModel): readonly [number, number] {
  const [right, up] = dims as readonly [number, number];
  if (Math.max(right, up) >= latentDim || right === up)
    throw new ConfigError(
      `--dims: not two dimensions of this model, got ${right},${up}, expected two different ones from 0 to ${latentDim - 1}`,
    );
  return [right, up];
}
