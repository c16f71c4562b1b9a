import type { Command } from "commander";
import { z } from "zod";
import { DataError } from "../../errors.ts";
import { openDataSource } from "../../node/data-source.ts";
import { firstExamples, forExamples, reconstructionSheet } from "../../node/run-pictures.ts";
import { openRunData } from "../../node/run-spec.ts";
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

const reconstructSettings = z.strictObject({
  count: z.int().positive().max(100_000).default(32).describe("test examples to show"),
});

export function define(command: Command): void {
  addLabelOption(
    addOutputOptions(addDeviceOptions(addSettings(command.argument("<run>", "folder of a run"), reconstructSettings))),
  )
    .option("--data <source>", "data to take test examples from (default: the run's own)")
    .addHelpText(
      "after",
      `
Examples:
  latentkit reconstruct runs/vae-digits-1
  latentkit reconstruct runs/cvae-digits-1 --label 7
  latentkit reconstruct runs/vae-digits-1 --data path/to/mnist --count 64 --out reconstructions.png`,
    )
    .action(
      async (path: string, options: OutputOptions & DeviceOptions & LabelOptions & { readonly data?: string }) => {
        const { count } = parseSettings(reconstructSettings, givenSettings(reconstructSettings, options));
        const { run, trained, step } = await optionRun(path, options);
        const source = await (options.data === undefined ? openRunData(run.info, path) : openDataSource(options.data));
        const { dataset } = source.test;
        if (dataset.shape.join() !== trained.shape.join())
          throw new DataError(
            `${source.name}: examples do not fit the model, got [${dataset.shape.join(", ")}], expected [${trained.shape.join(", ")}]`,
          );
        const sheet = await reconstructionSheet(forExamples(trained, source.test), firstExamples(source.test, count));
        await finishSheet(sheet, options, {
          title: "examples above their reconstructions",
          file: samplesFile(path, "reconstructions.png"),
          details: { run: path, step, data: source.name, label: options.label },
        });
      },
    );
}
