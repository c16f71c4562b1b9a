import type { Command } from "commander";
import { ConfigError } from "../../errors.ts";
import { keptParts } from "../../evaluation/samples/kept-part.ts";
import { readKept } from "../options/mask.ts";
import { addRunOptions } from "../options/run-command.ts";
import { editorSettings } from "../options/sampler-settings.ts";
import { variedSettings } from "../options/varied-examples.ts";
import { type EditOutputOptions, writeEdits } from "../options/edit-command.ts";

const completeSettings = variedSettings({ verb: "complete", made: "completions of each example", count: 7 });

interface CompleteCommandOptions extends EditOutputOptions {
  readonly keep?: string;
}

export async function define(command: Command, args: readonly string[] = []): Promise<void> {
  // The options of the run's editor are flags too.
  const own = await editorSettings(args);
  addRunOptions(command, {
    settings: completeSettings.extend(own.shape),
    examples: true,
    output: true,
    condition: true,
  })
    .option(
      "--keep <part>",
      `what is kept: ${keptParts.join(", ")}, or a mask as of latentkit edit: an image (.png), black where it is kept, or an array, 0 there (.npy)`,
    )
    .option(
      "--image <file>",
      "image, or array or table of examples, to complete: as --data (default: the run's own data)",
    )
    .addHelpText(
      "after",
      `
Samples of what is missing of examples, given what is kept. An autoregressive model, such as pixelcnn, goes through an example from the top left, row by row:
where a value is kept it goes on from that one, else from a sample. So values that are kept below or to the right of a new one do not inform it.
Where what is kept comes first in that order, as top-half, samples are of p(missing | kept) exactly; with any other part, each value is sampled given
those before it only. A diffusion model fits both sides, as latentkit edit --mask does, and only nearly samples p(missing | kept).

A picture shows for each example a row: the example, what is kept of it, and its completions. A .npy file holds the completions alone,
[examples, count, ...shape].

Examples:
  latentkit complete runs/pixelcnn-mnist-1 --keep top-half
  latentkit complete runs/pixelcnn-mnist-1 --keep top-half --examples 0,1,2 --count 10 --temperature 0.9
  latentkit complete runs/pixelcnn-mnist-1 --keep mask.png --image seven.png --out completed.png`,
    )
    .action((path: string, options: CompleteCommandOptions) => {
      const { keep } = options;
      if (keep === undefined)
        throw new ConfigError(
          `--keep: what is kept is not said, got none, expected ${keptParts.join(", ")}, or a mask: an image or a .npy file`,
        );
      return writeEdits(path, options, {
        settings: completeSettings,
        own,
        mask: (shape) => readKept(keep, shape),
        file: "completions.png",
        title: "examples, what is kept of them, and completions",
        details: { keep },
      });
    });
}
