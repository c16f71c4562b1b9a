import type { Command } from "commander";
import { z } from "zod";
import type { Split } from "../../data/split.ts";
import { ConfigError } from "../../errors.ts";
import { interpolationPaths, interpolationGrid } from "../../runs/pictures/latent-grids.ts";
import { finishImageGrid, samplesFile, imageGridKinds } from "../output/write-output.ts";
import { addRunOptions, optionRun, type RunOptions } from "../options/run-command.ts";
import { optionPoints, pointSettings, type PointSource } from "../options/latent-points.ts";
import { placesSetting } from "../options/run-examples.ts";
import { givenSettings, parseSettings } from "../options/settings.ts";

const interpolateSettings = z.strictObject({
  examples: placesSetting
    .optional()
    .describe(
      "pairs of points, by index in the split, among the samples or in the file (default: four pairs, of examples over the classes)",
    ),
  steps: z.int().min(2).max(200).default(11).describe("images per row, both ends included"),
  ...pointSettings,
});

export function define(command: Command): void {
  addRunOptions(command, { settings: interpolateSettings, examples: true, output: true, condition: true })
    .addHelpText(
      "after",
      `
Three rows per pair: linear and spherical interpolation of the codes and, for comparison, linear interpolation of
the examples themselves, or what the ends decode to. Sample i of --from prior is the i-th of latentkit sample --show means with the
same --seed. A .npy file holds [3, pairs, steps, ...shape].

Examples:
  latentkit interpolate runs/vae-digits-1
  latentkit interpolate runs/vae-digits-1 --examples 3,17 --steps 9 --out path.png
  latentkit interpolate runs/gan-digits-1 --from codes.npy --examples 0,1`,
    )
    .action(async (path: string, options: RunOptions) => {
      const given = givenSettings(interpolateSettings, options);
      const { examples, steps, ...wanted } = parseSettings(interpolateSettings, given);
      if (examples && examples.length % 2 === 1)
        throw new ConfigError(`--examples: not pairs, got ${examples.length} examples, expected an even number`);
      const loaded = await optionRun(path, options, imageGridKinds);
      const points = await optionPoints(loaded, options, wanted);
      const places = examples ?? usualPlaces(points, 8);
      const grid = await interpolationGrid(await points.pick(places, "--examples"), steps);
      const all = new Float32Array(3 * grid.sets[0]!.length);
      grid.sets.forEach((set, i) => all.set(set, i * set.length));
      await finishImageGrid(grid, options, {
        title: `interpolations: ${interpolationPaths.join(", ")}`,
        file: samplesFile(path, "interpolation.png"),
        units: loaded.run.info.data,
        details: {
          run: path,
          step: loaded.step,
          ...points.details,
          label: options.label,
          condition: options.condition,
          examples: places,
          steps,
          paths: interpolationPaths,
        },
        numbers: { shape: [3, places.length / 2, steps, ...grid.shape], values: all },
      });
    });
}

/** Places of at most `count` points, an even number: of examples over the classes, else the first. */
function usualPlaces({ split, count: there = Infinity }: PointSource, count: number): number[] {
  if (split) return variedPlaces(split, count);
  const even = 2 * Math.floor(Math.min(count, there) / 2);
  if (even > 0) return Array.from({ length: even }, (_, i) => i);
  throw new ConfigError(`--from: no pair of codes, got ${there}, expected at least 2`);
}

/** Places of at most `count` examples, an even number: the first of each class in turn, where there are classes, else the first. */
function variedPlaces({ dataset: { labels }, indices }: Split, count: number): number[] {
  const classes = new Map<number, number[]>();
  indices.forEach((index, place) => {
    const label = labels?.[index] ?? 0;
    const members = classes.get(label);
    if (!members) classes.set(label, [place]);
    else if (members.length < count) members.push(place);
  });
  const byClass = [...classes].toSorted(([a], [b]) => a - b).map(([, members]) => members);
  const inTurn = Array.from({ length: count }, (_, round) => byClass.flatMap((members) => members[round] ?? [])).flat();
  return inTurn.slice(0, Math.min(count, 2 * Math.floor(inTurn.length / 2)));
}
