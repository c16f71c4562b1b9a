import type { Command } from "commander";
import { z } from "zod";
import { has, requireCapabilities } from "../../evaluation/capabilities.ts";
import { givenOrOwn } from "../../evaluation/given-examples.ts";
import { levelRates, meanRate } from "../../evaluation/likelihood/level-rates.ts";
import { readRunData } from "../../runs/run-spec.ts";
import { keptSides, levelsGrid } from "../../runs/pictures/level-grids.ts";
import { addRunOptions, optionRun, type RunOptions } from "../options/run-command.ts";
import { optionExamples, splitSetting } from "../options/run-examples.ts";
import { givenSettings, parseSettings } from "../options/settings.ts";
import { table } from "../output/table.ts";
import { print } from "../output/terminal.ts";
import { finishImageGrid, imageGridKinds, samplesFile } from "../output/write-output.ts";

/** Examples that rates are a mean over. */
const rated = 500;

const levelsSettings = z.strictObject({
  count: z.int().min(1).max(1000).default(8).describe("examples, from the first"),
  keep: z
    .enum(keptSides)
    .default("above")
    .describe("above: latents from the top to each level are the example's, those below sampled; below: the other way"),
  columns: z.int().min(2).max(64).default(12).describe("levels at most, evenly spaced"),
  seed: z.int().min(0).default(0).describe("random seed"),
  split: splitSetting,
});

export function define(command: Command): void {
  addRunOptions(command, { settings: levelsSettings, examples: true, output: true, condition: true })
    .addHelpText(
      "after",
      `
For models of several latents: what of an example each level holds, and the rate of each over ${rated} examples.

Examples:
  latentkit levels runs/vdvae-mnist-1
  latentkit levels runs/vdvae-mnist-1 --keep below --count 4
  latentkit levels runs/vq-vae-2-mnist-1 --out levels.png`,
    )
    .action(async (path: string, options: RunOptions) => {
      const settings = parseSettings(levelsSettings, givenSettings(levelsSettings, options));
      const { count, keep, columns: most, seed, split: wanted } = settings;
      const loaded = await optionRun(path, options, imageGridKinds);
      const { run, step } = loaded;
      requireCapabilities(loaded.trained.model, ["encode", "decode", "prior", "levels"], { where: path });
      const { split: all, data, splitName } = await optionExamples(loaded, options, wanted);
      const first = (examples: number) => ({ ...all, indices: all.indices.subarray(0, examples) });
      const trained = givenOrOwn(loaded.trained, first(count));
      const { binarize } = readRunData(run);
      const { grid, columns } = await levelsGrid(trained, { split: first(count), binarize, keep, columns: most, seed });
      const rates = has(trained.model, "elbo")
        ? (await levelRates(trained, { split: first(rated), binarize, seed })).map((level) => {
            const { name, shape } = level;
            return { name, shape, rate: meanRate(level) };
          })
        : [];
      if (!options.json && rates.length > 0)
        print(
          table([
            ["latent", "shape", "rate, nats"],
            ...rates.map(({ name, shape, rate }) => [name, shape.join("x"), rate.toFixed(2)]),
          ]),
        );
      const kept = columns.map(({ from, to }) => (from === to ? from : `${from}-${to}`)).join(", ");
      const title = `examples, then means of p(x|z) with these latents of theirs and the others sampled: ${kept}`;
      await finishImageGrid(grid, options, {
        title,
        file: samplesFile(path, keep === "above" ? "levels.png" : "levels-below.png"),
        units: run.info.data,
        details: { run: path, step, data, split: splitName, keep, seed, columns, rates },
      });
    });
}
