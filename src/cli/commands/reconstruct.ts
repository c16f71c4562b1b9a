import type { Command } from "commander";
import { z } from "zod";
import { firstExamples } from "../../data/first-examples.ts";
import { forExamples } from "../../evaluation/given-examples.ts";
import { reconstructionGrid } from "../../runs/pictures/run-pictures.ts";
import { finishImageGrid, samplesFile, imageGridKinds } from "../output/write-output.ts";
import { addRunOptions, optionRun, type RunOptions } from "../options/run-command.ts";
import { optionExamples } from "../options/run-examples.ts";
import { givenSettings, parseSettings } from "../options/settings.ts";

const reconstructSettings = z.strictObject({
  count: z.int().positive().max(100_000).default(32).describe("number of test examples"),
});

export function define(command: Command): void {
  addRunOptions(command, { settings: reconstructSettings, examples: true, output: true, condition: true })
    .addHelpText(
      "after",
      `
Examples:
  latentkit reconstruct runs/vae-digits-1
  latentkit reconstruct runs/cvae-digits-1 --label 7
  latentkit reconstruct runs/vae-digits-1 --data path/to/mnist --count 64 --out reconstructions.png`,
    )
    .action(async (path: string, options: RunOptions) => {
      const { count } = parseSettings(reconstructSettings, givenSettings(reconstructSettings, options));
      const loaded = await optionRun(path, options, imageGridKinds);
      const { trained, step } = loaded;
      const { split, data } = await optionExamples(loaded, options);
      const grid = await reconstructionGrid(forExamples(trained, split), firstExamples(split, count));
      await finishImageGrid(grid, options, {
        title: "examples above their reconstructions",
        file: samplesFile(path, "reconstructions.png"),
        columns: loaded.run.info.data.columns,
        details: { run: path, step, data, label: options.label, condition: options.condition },
      });
    });
}
