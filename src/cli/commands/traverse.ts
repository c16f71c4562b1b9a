import { drawnExamples } from "../../data/examples/drawn-examples.ts";
import type { Command } from "commander";
import { z } from "zod";
import { ConfigError } from "../../errors.ts";
import { codeQuantile } from "../../latent/traversal.ts";
import { unitReport } from "../../metrics/codes/unit-report.ts";
import { traversalGrid } from "../../runs/pictures/latent-grids.ts";
import { readRunData } from "../../runs/run-spec.ts";
import { finishImageGrid, samplesFile, imageGridKinds } from "../output/write-output.ts";
import { addRunOptions, optionRun, type RunOptions } from "../options/run-command.ts";
import { optionExamples, pickedExamples, splitSetting } from "../options/run-examples.ts";
import { givenSettings, parseSettings } from "../options/settings.ts";

const traverseSettings = z.strictObject({
  example: z
    .int()
    .min(0)
    .max(2 ** 32 - 1)
    .default(0)
    .describe("example whose code is varied, by index in the split"),
  dims: z
    .array(z.int().min(0).max(100_000))
    .min(1)
    .max(1000)
    .optional()
    .describe("latent dimensions, one per row, such as 3,0,7 (default: the ten with the highest KL)"),
  size: z.int().min(2).max(200).default(11).describe("images per row"),
  split: splitSetting,
});

/** Rows without --dims, and examples that ranges and order are taken from. */
const [shownDims, measuredExamples] = [10, 2000];

export function define(command: Command): void {
  addRunOptions(command, { settings: traverseSettings, examples: true, output: true })
    .addHelpText(
      "after",
      `
Each row varies one dimension of the code of an example from the 1st to the 99th percentile over examples. Rows are in
decreasing order of KL, or of the variance of the code for a model without a rate.

Examples:
  latentkit traverse runs/vae-digits-1
  latentkit traverse runs/vae-digits-1 --example 4 --dims 0,1,2 --size 15 --out traversal.png`,
    )
    .action(async (path: string, options: RunOptions) => {
      const given = givenSettings(traverseSettings, options);
      const { example, dims: wanted, size, split: wantedSplit } = parseSettings(traverseSettings, given);
      const loaded = await optionRun(path, options, imageGridKinds);
      const { run, trained, step } = loaded;
      const { latentDim } = trained;
      const wrong = wanted?.find((dim) => dim >= latentDim);
      if (wrong !== undefined)
        throw new ConfigError(`--dims: not a dimension of this model, got ${wrong}, expected 0 to ${latentDim - 1}`);
      const { split, data, splitName } = await optionExamples(loaded, options, wantedSplit);
      const picked = pickedExamples(split, [example], "--example");
      const measured = drawnExamples(split, measuredExamples);
      const { binarize } = readRunData(run);
      const codes = await trained.codes(measured, { binarize });
      const { units } = unitReport(codes, latentDim);
      const dims = wanted ?? units.slice(0, shownDims).map(({ unit }) => unit);
      const [low, high] = [codeQuantile(codes.samples, latentDim, 0.01), codeQuantile(codes.samples, latentDim, 0.99)];
      const rangeOf = (dim: number) => [low[dim]!, high[dim]!] as const;
      const grid = await traversalGrid(trained, picked, { dims, size, rangeOf });
      const about = dims.map((dim) => {
        const { rate, activity } = units.find(({ unit }) => unit === dim)!;
        return { dim, rate, variance: activity, low: low[dim], high: high[dim] };
      });
      await finishImageGrid(grid, options, {
        title: `latent traversals of dimensions ${dims.join(", ")}`,
        file: samplesFile(path, "traversal.png"),
        units: loaded.run.info.data,
        details: { run: path, step, data, split: splitName, example, size, dims: about },
        before: {
          names: ["dimension", "value"],
          row: (place) => traversedAt(dims, size, rangeOf, place),
        },
        numbers: { shape: [dims.length, size, ...grid.shape], values: grid.sets[0]! },
        terminalRows: dims.length,
      });
    });
}

/** The dimension that a row of a traversal varies, and its value there. */
function traversedAt(
  dims: readonly number[],
  size: number,
  rangeOf: (dim: number) => readonly [low: number, high: number],
  place: number,
): readonly string[] {
  const dim = dims[Math.floor(place / size)]!;
  const [low, high] = rangeOf(dim);
  const value = low + ((place % size) / (size - 1)) * (high - low);
  return [String(dim), String(Number(value.toPrecision(6)))];
}
