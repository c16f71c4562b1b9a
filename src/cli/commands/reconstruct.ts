import type { Command } from "commander";
import { z } from "zod";
import { exampleIndex, saysMore } from "../../data/examples/example-index.ts";
import { firstExamples } from "../../data/first-examples.ts";
import type { Split } from "../../data/split.ts";
import { orBijection, requireCapabilities } from "../../evaluation/capabilities.ts";
import { givenOrOwn } from "../../evaluation/given-examples.ts";
import type { TrainedModel } from "../../evaluation/trained-model.ts";
import { kindOf } from "../../kinds/registry.ts";
import { reconstructionGrid } from "../../runs/pictures/run-pictures.ts";
import { writeExamples, writeIndexBeside } from "../output/write-examples.ts";
import { checkKind, finishImageGrid, lineOf, samplesFile, imageGridKinds, usualFile } from "../output/write-output.ts";
import { addRunOptions, optionRun, type RunOptions } from "../options/run-command.ts";
import { optionExamples, splitSetting } from "../options/run-examples.ts";
import { givenSettings, parseSettings } from "../options/settings.ts";
import { print, printJson } from "../output/terminal.ts";

/** Examples of a picture, and of the run's own data. */
const shown = 32;
const reconstructSettings = z.strictObject({
  split: splitSetting,
  count: z
    .int()
    .positive()
    .max(1_000_000_000)
    .optional()
    .describe(`number of examples, from the first (default: ${shown}; of --data in a table or array all)`),
});

export function define(command: Command): void {
  addRunOptions(command, { settings: reconstructSettings, examples: true, output: true, condition: true })
    .addHelpText(
      "after",
      `
Of --data every row is reconstructed, in file order, unless --split names a part.

Examples:
  latentkit reconstruct runs/vae-digits-1
  latentkit reconstruct runs/cvae-digits-1 --label 7
  latentkit reconstruct runs/vae-digits-1 --data path/to/mnist --count 64 --out reconstructions.png
  latentkit reconstruct runs/vae-people-csv-1 --data others.csv --out reconstructed.csv`,
    )
    .action(async (path: string, options: RunOptions) => {
      const given = givenSettings(reconstructSettings, options);
      const { split: wanted, count } = parseSettings(reconstructSettings, given);
      const loaded = await optionRun(path, options, imageGridKinds);
      const { trained, step } = loaded;
      requireCapabilities(trained.model, orBijection(trained.model, ["reconstruct"]), { where: path });
      const { split: all, data, splitName } = await optionExamples(loaded, options, wanted);
      const file = options.out ?? usualFile(samplesFile(path, "reconstructions.png"), trained.kind);
      const picture = checkKind(file, kindOf(trained.kind).files) === ".png";
      const most = count ?? (picture || options.data === undefined ? shown : Infinity);
      const split = { ...all, indices: all.indices.subarray(0, most) };
      const units = loaded.run.info.data;
      const details = { run: path, step, data, split: splitName, label: options.label, condition: options.condition };
      if (picture) {
        const grid = await reconstructionGrid(givenOrOwn(trained, split), firstExamples(split, most));
        const title = "examples above their reconstructions";
        return finishImageGrid(grid, options, { title, file, units, details });
      }
      const examples = split.indices.length;
      await writeExamples(file, {
        count: examples,
        shape: trained.shape,
        pieces: reconstructions(trained, split),
        units,
        line: lineOf(options),
      });
      const index = exampleIndex(split);
      const beside = saysMore(index) ? { index: await writeIndexBeside(file, examples, index, lineOf(options)) } : {};
      if (options.json) printJson({ file, ...beside, shape: [examples, ...trained.shape], ...details });
      else {
        print(`reconstructions of ${examples} examples, ${splitName === "all" ? "in file order" : splitName}: ${file}`);
        if (beside.index) print(`which examples they are: ${beside.index}`);
      }
    });
}

/** Examples reconstructed at a time. */
const piece = 1024;

/** Reconstructions of all examples of a split, in its order, in pieces. */
async function* reconstructions(trained: TrainedModel, { dataset, indices }: Split): AsyncGenerator<Float32Array> {
  for (let first = 0; first < indices.length; first += piece) {
    const part = { dataset, indices: indices.subarray(first, first + piece) };
    yield givenOrOwn(trained, part).reconstruct(firstExamples(part, piece));
  }
}
