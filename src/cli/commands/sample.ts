import type { Command } from "commander";
import { z } from "zod";
import { sampleSheet } from "../../node/run-pictures.ts";
import { finishSheet, type OutputOptions, samplesFile } from "../finish-sheet.ts";
import {
  addDeviceOptions,
  addLabelOption,
  addOutputOptions,
  type DeviceOptions,
  type LabelOptions,
  optionRun,
} from "../run-command.ts";
import { addSettings, givenSettings, parseSettings } from "../settings.ts";

const sampleSettings = z.strictObject({
  count: z.int().positive().max(100_000).default(64).describe("examples to draw"),
  seed: z.int().min(0).default(0).describe("the same seed draws the same examples"),
  temperature: z.number().min(0).max(100).default(1).describe("spread of the prior; below 1 for safer examples"),
});

export function define(command: Command): void {
  addLabelOption(
    addOutputOptions(addDeviceOptions(addSettings(command.argument("<run>", "folder of a run"), sampleSettings))),
  )
    .addHelpText(
      "after",
      `
Examples:
  latentkit sample runs/vae-digits-1
  latentkit sample runs/vae-digits-1 --count 400 --temperature 0.7 --out samples.png
  latentkit sample runs/cvae-digits-1 --label 7`,
    )
    .action(async (path: string, options: OutputOptions & DeviceOptions & LabelOptions) => {
      const settings = parseSettings(sampleSettings, givenSettings(sampleSettings, options));
      const { trained, step } = await optionRun(path, options);
      const sheet = await sampleSheet(trained, settings);
      await finishSheet(sheet, options, {
        title: "samples",
        file: samplesFile(path, "samples.png"),
        details: { run: path, step, ...settings, label: options.label },
      });
    });
}
