import type { Command } from "commander";
import { ConfigError } from "../../errors.ts";
import { readMask } from "../options/mask.ts";
import { addRunOptions } from "../options/run-command.ts";
import { editorSettings, ownSettings } from "../options/sampler-settings.ts";
import { variedSettings } from "../options/varied-examples.ts";
import { type EditOutputOptions, writeEdits } from "../options/edit-command.ts";

const editSettings = variedSettings({ verb: "edit", made: "edits of each example", count: 7 });

interface EditCommandOptions extends EditOutputOptions {
  readonly mask?: string;
}

export async function define(command: Command, args: readonly string[] = []): Promise<void> {
  // The options of the run's editor are flags too.
  const own = await editorSettings(args);
  addRunOptions(command, {
    settings: editSettings.extend(own.shape),
    examples: true,
    output: true,
    condition: true,
  })
    .option("--image <file>", "image, or array or table of examples, to edit: as --data (default: the run's own data)")
    .option(
      "--mask <file>",
      "inpainting: image of the model's size (.png), white where it is sampled anew and black where it is kept; or an array of 1 and 0 (.npy)",
    )
    .addHelpText(
      "after",
      `
For a diffusion model, and with --mask for an autoregressive one (latentkit complete). Without --mask, image to image: noise is added to an example, and taken away again by sampling from there
(SDEdit, arXiv:2108.01073). --strength says how much: the fraction of the noise levels that it goes back through. With --mask, inpainting:
what is kept stays as it is, and the rest is sampled to fit it (RePaint, arXiv:2201.09865); --resample says how often each step is taken for that.

The editor of a run may have further options: latentkit edit RUN --help lists them.

A picture shows for each example a row: the example, with --mask what is kept of it, and its edits. A .npy file holds the edits alone,
[examples, count, ...shape].

Examples:
  latentkit edit runs/diffusion-mnist-1 --examples 0,1,2 --strength 0.4
  latentkit edit runs/diffusion-faces-1 --image photo.jpg --strength 0.3 --count 4
  latentkit edit runs/diffusion-mnist-1 --image seven.png --mask right-half.png --out completed.png
  latentkit edit runs/diffusion-mnist-1 --mask right-half.png --resample 20 --steps 30
  latentkit edit runs/diffusion-mnist-1 --examples 3 --label 7 --guidance 2 --strength 0.6`,
    )
    .action((path: string, options: EditCommandOptions) => {
      const { mask } = options;
      if (mask === undefined && ownSettings(own, options).given["resample"] !== undefined)
        throw new ConfigError("--resample: it repeats steps of inpainting, got no --mask, expected one");
      return writeEdits(path, options, {
        settings: editSettings,
        own,
        mask: mask === undefined ? undefined : (shape) => readMask(mask, shape),
        file: "edits.png",
        title: mask === undefined ? "examples and their edits" : "examples, what is kept of them, and inpaintings",
        details: { mask },
      });
    });
}
