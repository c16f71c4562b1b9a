import type { Command } from "commander";
import { firstExamples } from "../../data/first-examples.ts";
import { requireCapabilities } from "../../evaluation/capabilities.ts";
import { exampleFields, givenOrOwn } from "../../evaluation/given-examples.ts";
import { sizeOf } from "../../graph/shape.ts";
import { LOW_RESOLUTION } from "../../models/conditioning.ts";
import { enlarged } from "../../runs/pictures/enlarged.ts";
import { samplePiece } from "../../runs/samples/sample-rows.ts";
import { addRunOptions, optionRun, type RunOptions } from "../options/run-command.ts";
import { repeated } from "../options/run-examples.ts";
import { ownSettings, samplerSettings } from "../options/sampler-settings.ts";
import { givenSettings, parseSettings } from "../options/settings.ts";
import { givenSource, variedExamples, variedSettings } from "../options/varied-examples.ts";
import { LineProgress } from "../output/line-progress.ts";
import { print } from "../output/terminal.ts";
import { variationRows } from "../../runs/pictures/variation-rows.ts";
import { finishImageGrid, imageGridKinds, samplesFile } from "../output/write-output.ts";

const upscaleSettings = variedSettings({ verb: "take", made: "images of each smaller one", count: 4 });

interface UpscaleOptions extends RunOptions {
  readonly image?: string;
}

export async function define(command: Command, args: readonly string[] = []): Promise<void> {
  // The options of the run's sampler are flags too.
  const own = await samplerSettings(args);
  addRunOptions(command, {
    settings: upscaleSettings.extend(own.shape),
    examples: true,
    output: true,
    condition: true,
  })
    .option("--image <file>", "image, folder or array of smaller images, of the size that the model takes")
    .addHelpText(
      "after",
      `
For a diffusion model with superResolution: samples of images given smaller ones (SR3, arXiv:2104.07636). Images of --image are of the smaller
size, or are scaled and cropped to it; without it, examples of the run or of --data are made smaller first.

A picture shows for each image a row: it, without --image the example it was made of, and samples. The consistency is the mean squared error of
samples made smaller to what they are samples of, of values from 0 to 1. A .npy file holds the samples alone, [examples, count, ...shape].

Examples:
  latentkit upscale runs/diffusion-faces-1 --examples 0,1,2
  latentkit upscale runs/diffusion-faces-1 --image thumbnails/ --count 1 --steps 40 --out large.npy`,
    )
    .action(async (path: string, options: UpscaleOptions) => {
      const asked = parseSettings(upscaleSettings, givenSettings(upscaleSettings, options));
      const { count, seed } = asked;
      const { all: ownOptions, given: givenOwn } = ownSettings(own, options);
      const { image } = options;
      givenSource(options);
      const loaded = await optionRun(path, options, imageGridKinds);
      const { trained, step, run } = loaded;
      requireCapabilities(trained.model, ["upscale"], { where: path });
      const { shape, kind, model } = trained;
      const field = model.condition!.fields.find(({ name }) => name === LOW_RESOLUTION)!;
      const small = field.kind === "numbers" ? field.shape : [];
      const { picked, places, data, splitName } = await variedExamples(loaded, options, asked, small);
      const rows = picked.indices.length;
      const values = firstExamples(picked, rows);
      const from = image === undefined ? exampleFields(model, shape, values)[LOW_RESOLUTION]! : values;
      // Examples are of their own class, unless another is given.
      const of = image === undefined ? givenOrOwn(trained, repeated(picked, count)) : trained;
      const lowResolution = repeatedRows(from, sizeOf(small), count);
      const progress = new LineProgress("sampling, steps");
      const samples = await samplePiece(
        trained.given({ ...of.condition, [LOW_RESOLUTION]: lowResolution }),
        rows * count,
        {
          seed,
          options: givenOwn,
          onStep: options.json ? undefined : (done, total) => progress.show(done, total),
        },
      );
      const made = exampleFields(model, shape, samples)[LOW_RESOLUTION]!;
      const consistency = meanOf(made.map((v, i) => (v - lowResolution[i]!) ** 2));
      const columns = [enlarged(from, small, shape), ...(image === undefined ? [values] : [])];
      const perRow = columns.length + count;
      const shown = variationRows(columns, samples, { size: sizeOf(shape), count });
      await finishImageGrid({ sets: [shown], count: rows * perRow, columns: perRow, shape, kind }, options, {
        title: image === undefined ? "smaller images, the examples, and samples" : "smaller images and samples",
        file: samplesFile(path, "upscaled.png"),
        units: run.info.data,
        details: {
          run: path,
          step,
          data,
          split: splitName,
          examples: places,
          count,
          seed,
          consistency,
          ...ownOptions,
          label: options.label,
          condition: options.condition,
        },
        numbers: { shape: [rows, count, ...shape], values: samples },
        terminalRows: rows,
      });
      if (!options.json) print(`consistency: mean squared error of ${consistency.toExponential(1)}`);
    });
}

/** Each row so many times in succession. */
function repeatedRows(values: Float32Array, size: number, count: number): Float32Array {
  const row = (at: number): number => Math.floor(Math.floor(at / size) / count);
  return Float32Array.from({ length: values.length * count }, (_, at) => values[row(at) * size + (at % size)]!);
}

const meanOf = (values: Float32Array): number => values.reduce((sum, v) => sum + v, 0) / values.length;
