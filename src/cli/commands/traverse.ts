import { drawnExamples } from "../../data/examples/drawn-examples.ts";
import type { Command } from "commander";
import { z } from "zod";
import type { Split } from "../../data/split.ts";
import { ConfigError } from "../../errors.ts";
import { has, requireCapabilities } from "../../evaluation/capabilities.ts";
import { codeQuantile } from "../../latent/traversal.ts";
import { unitReport } from "../../metrics/codes/unit-report.ts";
import { changeByDimension, traversalGrid } from "../../runs/pictures/latent-grids.ts";
import type { LatentPoints } from "../../runs/codes/latent-points.ts";
import type { LoadedRun } from "../../runs/load-run.ts";
import { readRunData } from "../../runs/run-spec.ts";
import { finishImageGrid, samplesFile, imageGridKinds } from "../output/write-output.ts";
import { addRunOptions, optionRun, type RunOptions } from "../options/run-command.ts";
import { optionPoints, pointSettings } from "../options/latent-points.ts";
import { optionExamples } from "../options/run-examples.ts";
import { givenSettings, parseSettings } from "../options/settings.ts";

const traverseSettings = z.strictObject({
  example: z
    .int()
    .min(0)
    .max(2 ** 32 - 1)
    .default(0)
    .describe("point that is varied, by index in the split, among the samples or in the file"),
  dims: z
    .array(z.int().min(0).max(100_000))
    .min(1)
    .max(1000)
    .optional()
    .describe("latent dimensions, one per row, such as 3,0,7 (default: the first ten in the order below)"),
  size: z.int().min(2).max(200).default(11).describe("images per row"),
  ...pointSettings,
});

/** Rows without --dims, and examples that ranges and order are taken from. */
const [shownDims, measuredExamples] = [10, 2000];

export function define(command: Command): void {
  addRunOptions(command, { settings: traverseSettings, examples: true, output: true, condition: true })
    .addHelpText(
      "after",
      `
Each row varies one dimension of a code from the 1st to the 99th percentile over examples, or over samples of the prior for a model
that does not encode. Rows are in decreasing order of KL, of the variance of the code for a model without a rate, or of the
change of what is decoded for one that does not encode.

Examples:
  latentkit traverse runs/vae-digits-1
  latentkit traverse runs/vae-digits-1 --example 4 --dims 0,1,2 --size 15 --out traversal.png
  latentkit traverse runs/gan-digits-1 --from prior --seed 3`,
    )
    .action(async (path: string, options: RunOptions) => {
      const given = givenSettings(traverseSettings, options);
      const { example, dims: wanted, size, ...from } = parseSettings(traverseSettings, given);
      const loaded = await optionRun(path, options, imageGridKinds);
      const { trained, step } = loaded;
      requireCapabilities(trained.model, ["decode", "vector"], { where: path });
      const { latentDim } = trained;
      const wrong = wanted?.find((dim) => dim >= latentDim);
      if (wrong !== undefined)
        throw new ConfigError(`--dims: not a dimension of this model, got ${wrong}, expected 0 to ${latentDim - 1}`);
      const source = await optionPoints(loaded, options, from);
      const point = await source.pick([example], "--example");
      const { order, rangeOf } = await orderedDimensions(loaded, point, source.split);
      const dims = wanted ?? order.slice(0, shownDims).map(({ dim }) => dim);
      const grid = await traversalGrid(point, { dims, size, rangeOf });
      const about = dims.map((dim) => order.find((one) => one.dim === dim)!);
      await finishImageGrid(grid, options, {
        title: `latent traversals of dimensions ${dims.join(", ")}`,
        file: samplesFile(path, "traversal.png"),
        units: loaded.run.info.data,
        details: {
          run: path,
          step,
          ...source.details,
          label: options.label,
          condition: options.condition,
          example,
          size,
          dims: about,
        },
        before: {
          names: ["dimension", "value"],
          row: (place) => traversedAt(dims, size, rangeOf, place),
        },
        numbers: { shape: [dims.length, size, ...grid.shape], values: grid.sets[0]! },
        terminalRows: dims.length,
      });
    });
}

interface OrderedDimension {
  readonly dim: number;
  readonly low: number;
  readonly high: number;
  /** Over examples. */
  readonly rate?: number | undefined;
  readonly variance?: number;
  /** Mean squared change of what a point decodes to, over the range. */
  readonly change?: number;
}

/** All latent dimensions with their ranges, by what they carry about examples, or by what they change where the model does not encode. */
async function orderedDimensions(
  loaded: LoadedRun,
  point: LatentPoints,
  examples: Split | undefined,
): Promise<{
  readonly order: readonly OrderedDimension[];
  readonly rangeOf: (dim: number) => readonly [low: number, high: number];
}> {
  const { trained } = loaded;
  const { latentDim } = trained;
  const ranged = (codes: Float32Array) => {
    const [low, high] = [codeQuantile(codes, latentDim, 0.01), codeQuantile(codes, latentDim, 0.99)];
    return (dim: number) => [low[dim]!, high[dim]!] as const;
  };
  if (has(trained.model, "encode")) {
    const split = examples ?? (await optionExamples(loaded, {})).split;
    const { binarize } = readRunData(loaded.run);
    const codes = await trained.codes(drawnExamples(split, measuredExamples), { binarize });
    const rangeOf = ranged(codes.samples);
    const order = unitReport(codes, latentDim).units.map(({ unit: dim, rate, activity: variance }) => {
      const [low, high] = rangeOf(dim);
      return { dim, rate, variance, low, high };
    });
    return { order, rangeOf };
  }
  const rangeOf = ranged(await trained.samplePrior(measuredExamples));
  const changes = await changeByDimension(point, rangeOf);
  const order = changes.map((change, dim) => {
    const [low, high] = rangeOf(dim);
    return { dim, change, low, high };
  });
  return { order: order.toSorted((a, b) => b.change - a.change), rangeOf };
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
