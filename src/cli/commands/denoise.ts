import type { Command } from "commander";
import { z } from "zod";
import { requireCapabilities } from "../../evaluation/capabilities.ts";
import { sizeOf } from "../../graph/shape.ts";
import { psnr } from "../../metrics/psnr.ts";
import { firstExamples } from "../../data/first-examples.ts";
import { finishImageGrid, samplesFile, imageGridKinds } from "../output/write-output.ts";
import { addRunOptions, optionRun, type RunOptions } from "../options/run-command.ts";
import { optionExamples, splitSetting } from "../options/run-examples.ts";
import { givenSettings, parseSettings } from "../options/settings.ts";
import { print } from "../output/terminal.ts";

const denoiseSettings = z.strictObject({
  count: z.int().positive().max(100_000).default(16).describe("number of examples in the image grid"),
  measure: z.int().positive().max(1_000_000).default(1000).describe("number of examples for the PSNR"),
  split: splitSetting,
  seed: z.int().min(0).default(0).describe("random seed of the noise"),
});

export function define(command: Command): void {
  addRunOptions(command, { settings: denoiseSettings, examples: true, output: true })
    .addHelpText(
      "after",
      `
PSNR in dB over --measure examples with values from 0 to 1: 10 log10(1 / mean squared error).

Examples:
  latentkit denoise runs/dae-digits-1
  latentkit denoise runs/dae-mnist-1 --measure 10000 --json`,
    )
    .action(async (path: string, options: RunOptions) => {
      const settings = parseSettings(denoiseSettings, givenSettings(denoiseSettings, options));
      const { count, measure, seed } = settings;
      const loaded = await optionRun(path, options, imageGridKinds);
      const { trained, step } = loaded;
      requireCapabilities(trained.model, ["denoise"], { where: path });
      const { split, data, splitName } = await optionExamples(loaded, options, settings.split);
      const clean = firstExamples(split, Math.max(count, measure));
      const corrupted = await trained.corrupt(clean, { seed });
      const restored = await trained.reconstruct(corrupted);

      const size = sizeOf(trained.shape);
      const measured = clean.length / size;
      const shown = Math.min(count, measured);
      const results = { corrupted: psnr(corrupted, clean), restored: psnr(restored, clean) };
      const gain = results.restored - results.corrupted;
      const sets = [clean, corrupted, restored].map((values) => values.subarray(0, shown * size));
      await finishImageGrid(
        { sets, count: shown, columns: Math.min(16, shown), shape: trained.shape, kind: trained.kind },
        options,
        {
          title: "clean, corrupted and denoised examples",
          file: samplesFile(path, "denoised.png"),
          units: loaded.run.info.data,
          details: { run: path, step, data, split: splitName, measured, seed, psnr: results, gain },
          terminalRows: 1,
        },
      );
      if (!options.json)
        print(
          `PSNR ${results.corrupted.toFixed(2)} dB corrupted, ${results.restored.toFixed(2)} dB denoised: ` +
            `${gain.toFixed(2)} dB gain over ${measured} examples`,
        );
    });
}
