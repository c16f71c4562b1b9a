import type { Command } from "commander";
import { z } from "zod";
import { firstExamples } from "../../data/first-examples.ts";
import { requireCapabilities } from "../../evaluation/capabilities.ts";
import { forExamples } from "../../evaluation/given-examples.ts";
import { samplePiece } from "../../runs/samples/sample-rows.ts";
import { addRunOptions, optionRun, type RunOptions } from "../options/run-command.ts";
import { optionExamples, pickedExamples, placesSetting, splitSetting } from "../options/run-examples.ts";
import { ownSettings, samplerSettings } from "../options/sampler-settings.ts";
import { givenSettings, parseSettings } from "../options/settings.ts";
import { LineProgress } from "../output/line-progress.ts";
import { finishImageGrid, imageGridKinds, samplesFile } from "../output/write-output.ts";

/** Examples where none are named, at most. */
const usualExamples = 16;
const translateSettings = z.strictObject({
  examples: placesSetting
    .optional()
    .describe(
      `examples to start from, by index in the split or in the file (default: all of at most ${usualExamples})`,
    ),
  split: splitSetting,
});

export async function define(command: Command, args: readonly string[] = []): Promise<void> {
  // The options of the run's sampler are flags too.
  const own = await samplerSettings(args);
  addRunOptions(command, {
    settings: translateSettings.extend(own.shape),
    examples: true,
    output: true,
    condition: true,
  })
    .addHelpText(
      "after",
      `
For a flow trained with source, from examples of one kind to those of another (rectified flow, arXiv:2209.03003, section 2): --data are examples
of the first kind; without it, those that the run has for its test examples. No noise is added: the same example becomes the same each time.

A picture shows the examples above what they become. A .npy file holds the latter alone.

Examples:
  latentkit translate runs/diffusion-pairs-1
  latentkit translate runs/diffusion-pairs-1 --data path/to/sketches --steps 40 --out drawn.npy`,
    )
    .action(async (path: string, options: RunOptions) => {
      const given = givenSettings(translateSettings, options);
      const { examples, split: wanted } = parseSettings(translateSettings, given);
      const { all: ownOptions, given: givenOwn } = ownSettings(own, options);
      const loaded = await optionRun(path, options, imageGridKinds);
      const { trained, step, run } = loaded;
      requireCapabilities(trained.model, ["translate"], { where: path });
      const { shape, kind, model } = trained;
      const start = model.condition!.start!;
      const found = await optionExamples(loaded, options, wanted);
      const count = Math.min(usualExamples, found.split.indices.length);
      const places = examples ?? Array.from({ length: count }, (_, i) => i);
      const picked = pickedExamples(found.split, places, "--examples");
      // Examples that are given are what is started from; those of the run have it as a field.
      const of =
        options.data === undefined
          ? trained.given({ ...forExamples(trained, picked).condition, ...trained.condition })
          : trained.given({ ...trained.condition, [start]: firstExamples(picked, places.length) });
      const sources = Float32Array.from(of.condition[start]!);
      const progress = new LineProgress("sampling, steps");
      const targets = await samplePiece(of, places.length, {
        options: givenOwn,
        onStep: options.json ? undefined : (done, total) => progress.show(done, total),
      });
      const columns = Math.min(usualExamples, places.length);
      await finishImageGrid({ sets: [sources, targets], count: places.length, columns, shape, kind }, options, {
        title: "examples and what they become",
        file: samplesFile(path, "translated.png"),
        units: run.info.data,
        details: {
          run: path,
          step,
          data: found.data,
          split: found.splitName,
          examples: places,
          ...ownOptions,
          label: options.label,
          condition: options.condition,
        },
        terminalRows: 1,
      });
    });
}
