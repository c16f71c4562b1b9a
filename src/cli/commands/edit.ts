import type { Command } from "commander";
import { firstExamples } from "../../data/first-examples.ts";
import { ConfigError } from "../../errors.ts";
import { requireCapabilities } from "../../evaluation/capabilities.ts";
import { givenOrOwn } from "../../evaluation/given-examples.ts";
import { editExamples } from "../../evaluation/samples/editing.ts";
import { sizeOf } from "../../graph/shape.ts";
import { readMask } from "../options/mask.ts";
import { addRunOptions, optionRun, type RunOptions } from "../options/run-command.ts";
import { repeated } from "../options/run-examples.ts";
import { editorSettings, ownSettings } from "../options/sampler-settings.ts";
import { givenSettings, parseSettings } from "../options/settings.ts";
import { givenSource, variedExamples, variedSettings } from "../options/varied-examples.ts";
import { LineProgress } from "../output/line-progress.ts";
import { variationRows } from "../../runs/pictures/variation-rows.ts";
import { finishImageGrid, imageGridKinds, samplesFile } from "../output/write-output.ts";

const editSettings = variedSettings({ verb: "edit", made: "edits of each example", count: 7 });

interface EditCommandOptions extends RunOptions {
  readonly image?: string;
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
For a diffusion model. Without --mask, image to image: noise is added to an example, and taken away again by sampling from there
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
    .action(async (path: string, options: EditCommandOptions) => {
      const asked = parseSettings(editSettings, givenSettings(editSettings, options));
      const { count, seed } = asked;
      const { all: ownOptions, given: givenOwn } = ownSettings(own, options);
      const { mask: maskFile } = options;
      givenSource(options);
      if (maskFile === undefined && givenOwn["resample"] !== undefined)
        throw new ConfigError("--resample: it repeats steps of inpainting, got no --mask, expected one");
      const loaded = await optionRun(path, options, imageGridKinds);
      const { trained, step, run } = loaded;
      requireCapabilities(trained.model, ["edit"], { where: path });
      const { shape, kind } = trained;
      const mask = maskFile === undefined ? undefined : await readMask(maskFile, shape);
      const { picked, places, data, splitName } = await variedExamples(loaded, options, asked);
      const split = repeated(picked, count);
      const x = firstExamples(split, split.indices.length);
      const progress = new LineProgress("editing, steps");
      const edits = await editExamples(givenOrOwn(trained, split), x, {
        ...givenOwn,
        seed,
        mask,
        onStep: options.json ? undefined : (done, total) => progress.show(done, total),
      });
      const originals = firstExamples(picked, picked.indices.length);
      const columns = [originals, ...(mask ? [originals.map((v, i) => (mask[i % mask.length] === 1 ? 0.5 : v))] : [])];
      const values = variationRows(columns, edits, { size: sizeOf(shape), count });
      const rows = picked.indices.length;
      const perRow = columns.length + count;
      await finishImageGrid({ sets: [values], count: rows * perRow, columns: perRow, shape, kind }, options, {
        title: mask ? "examples, what is kept of them, and inpaintings" : "examples and their edits",
        file: samplesFile(path, "edits.png"),
        units: run.info.data,
        details: {
          run: path,
          step,
          data,
          split: splitName,
          examples: places,
          count,
          seed,
          mask: maskFile,
          ...ownOptions,
          label: options.label,
          condition: options.condition,
        },
        numbers: { shape: [rows, count, ...shape], values: edits },
        terminalRows: rows,
      });
    });
}
