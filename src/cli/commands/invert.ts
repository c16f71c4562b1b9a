import type { Command } from "commander";
import { z } from "zod";
import { exampleIndex } from "../../data/examples/example-index.ts";
import { firstExamples } from "../../data/first-examples.ts";
import type { Split } from "../../data/split.ts";
import { requireCapabilities } from "../../evaluation/capabilities.ts";
import { givenOrOwn } from "../../evaluation/given-examples.ts";
import { invertCodes, inversionSettings } from "../../evaluation/inversion.ts";
import { chunk } from "../../evaluation/model-on-device.ts";
import type { TrainedModel } from "../../evaluation/trained-model.ts";
import { sizeOf } from "../../graph/shape.ts";
import { kindOf } from "../../kinds/registry.ts";
import { meanSquaredError, psnr } from "../../metrics/psnr.ts";
import type { ImageGrid } from "../../pictures/image-grid.ts";
import { addRunOptions, escapeFormulas, optionRun, type RunOptions } from "../options/run-command.ts";
import { optionExamples, splitSetting } from "../options/run-examples.ts";
import { givenSettings, parseSettings } from "../options/settings.ts";
import { LineProgress } from "../output/line-progress.ts";
import { metricText } from "../output/progress.ts";
import { showImageGrid } from "../output/show-image.ts";
import { print, printJson } from "../output/terminal.ts";
import { beside, type ExampleUnits, writeCodes } from "../output/write-examples.ts";
import { checkKind, lineOf, samplesFile, writePicture } from "../output/write-output.ts";

/** Examples of the run's own data, and of a picture: tiles, or points. */
const [shown, plotted] = [32, 2000];
const invertSettings = z.strictObject({
  split: splitSetting,
  count: z
    .int()
    .positive()
    .max(1_000_000)
    .optional()
    .describe(`number of examples, from the first (default: ${shown}; of --data all)`),
  ...inversionSettings.shape,
});
const kinds = [".npy", ".csv"] as const;

export function define(command: Command): void {
  addRunOptions(command, { settings: invertSettings, examples: true, condition: true })
    .option(
      "--out <file>",
      "file of the codes: an array [examples, latentDim] (.npy), or a table (.csv); default: inversion.npy in the run's samples/",
    )
    .option(...escapeFormulas)
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      `
For any model that decodes, such as the generator of a GAN: the code z of each example x that minimizes the mean squared error of
G(z), the mean of p(x|z), by Adam from several initial codes (arXiv:1609.03552). They are samples of the prior; the first of a model
that encodes is the mean of q(z|x). Errors are those of evaluate --metrics reconstruction: of intensities from 0 to 1, the PSNR in dB.

Examples:
  latentkit invert runs/gan-digits-1
  latentkit invert runs/gan-digits-1 --data path/to/images --out codes.csv
  latentkit invert runs/cgan-digits-1 --label 7 --starts 16 --steps 1000`,
    )
    .action(async (path: string, options: RunOptions) => {
      const given = givenSettings(invertSettings, options);
      const { split: wanted, count, ...settings } = parseSettings(invertSettings, given);
      const file = options.out ?? samplesFile(path, "inversion.npy");
      checkKind(file, kinds);
      const loaded = await optionRun(path, options, kinds);
      const { trained, step } = loaded;
      requireCapabilities(trained.model, ["decode", "vector"], { where: path });
      const { split: all, data, splitName } = await optionExamples(loaded, options, wanted);
      const most = count ?? (options.data === undefined ? shown : undefined);
      const split = { ...all, indices: all.indices.subarray(0, most) };
      const units = loaded.run.info.data;
      const progress = new LineProgress("inverting examples");
      const { codes, errors, grid } = await inverted(trained, split, {
        settings,
        units,
        onExample: (done) => progress.show(done, split.indices.length),
      });

      const shape = [split.indices.length, trained.latentDim];
      const index = exampleIndex(split);
      const measured = {
        names: [...index.names, ...errors.map(({ name }) => name)],
        row: (place: number) => [...index.row(place), ...errors.map(({ values }) => String(values[place]!))],
      };
      const files = {
        ...(await writeCodes(file, { codes, dim: trained.latentDim, index: measured, line: lineOf(options) })),
        ...(grid && { picture: beside(file, ".png") }),
      };
      if (grid) await writePicture(files.picture!, grid, units);
      const means = errors.map(({ name, values }) => [name, mean(values)] as const);
      if (options.json) {
        const { label, condition } = options;
        const details = { run: path, step, data, split: splitName, label, condition, ...settings };
        return printJson({ ...files, shape, ...Object.fromEntries(means), ...details });
      }
      const title =
        grid?.sets.length === 3 ? "examples, inversions and their difference" : "examples beside inversions";
      if (grid) showImageGrid(title, grid, 1);
      print(`codes of ${shape[0]!} examples, ${trained.latentDim} dimensions each: ${file}`);
      print(means.map(([name, value]) => `${name} ${metricText(value)}${name === "psnr" ? " dB" : ""}`).join(", "));
      if (files.index !== undefined) print(`errors of each: ${files.index}`);
      if (files.picture !== undefined) print(`${title}: ${files.picture}`);
    });
}

const mean = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0) / values.length;

interface InvertedExamples {
  /** [examples, latentDim]. */
  readonly codes: Float32Array;
  /** Columns of a table. */
  readonly errors: readonly { readonly name: string; readonly values: readonly number[] }[];
  /** The first of them; absent where examples have no picture. */
  readonly grid: ImageGrid | undefined;
}

/** Inverts the examples of a split, which are never in memory together. */
async function inverted(
  trained: TrainedModel,
  { dataset, indices }: Split,
  {
    settings,
    units,
    onExample,
  }: {
    readonly settings: z.output<typeof inversionSettings>;
    readonly units: ExampleUnits;
    readonly onExample: (done: number) => void;
  },
): Promise<InvertedExamples> {
  const { latentDim, shape, kind } = trained;
  const { picture } = kindOf(kind);
  const size = sizeOf(shape);
  const codes = new Float32Array(indices.length * latentDim);
  const count = picture ? Math.min(picture.form === "plot" ? plotted : shown, indices.length) : 0;
  const [originals, inversions] = [new Float32Array(count * size), new Float32Array(count * size)];
  const mse: number[] = [];
  const decibels: number[] = [];
  for (let first = 0; first < indices.length; first += chunk) {
    const part = { dataset, indices: indices.subarray(first, first + chunk) };
    const x = firstExamples(part, chunk);
    const found = await invertCodes(givenOrOwn(trained, part), x, {
      ...settings,
      first,
      onStep: (step, steps) => onExample(first + Math.floor((part.indices.length * step) / steps)),
    });
    codes.set(found.codes, first * latentDim);
    for (let at = 0; at < x.length; at += size) {
      const pair = [x.subarray(at, at + size), found.decoded.subarray(at, at + size)] as const;
      mse.push(meanSquaredError(...pair));
      if (units.range) decibels.push(psnr(...pair));
    }
    const place = Math.max(0, (count - first) * size);
    originals.set(x.subarray(0, place), count * size - place);
    inversions.set(found.decoded.subarray(0, place), count * size - place);
  }
  const difference = originals.map((value, i) => Math.abs(value - inversions[i]!));
  const sets = [originals, inversions, ...(picture?.form === "tiles" ? [difference] : [])];
  const columns = Math.min(16, count);
  return {
    codes,
    errors: [{ name: "mse", values: mse }, ...(units.range ? [{ name: "psnr", values: decibels }] : [])],
    grid: picture && { sets, count, columns, shape, kind },
  };
}
