import type { Command } from "commander";
import { z } from "zod";
import type { Split } from "../../data/split.ts";
import { ConfigError } from "../../errors.ts";
import { interpolationPaths, interpolationGrid } from "../../runs/pictures/latent-grids.ts";
import { finishImageGrid, samplesFile, imageGridKinds } from "../output/write-output.ts";
import { addRunOptions, optionRun, type RunOptions } from "../options/run-command.ts";
import { optionExamples, pickedExamples, placesSetting, splitSetting } from "../options/run-examples.ts";
import { givenSettings, parseSettings } from "../options/settings.ts";

const interpolateSettings = z.strictObject({
  examples: placesSetting
    .optional()
    .describe("pairs of examples, by index in the split (default: four pairs over the classes)"),
  steps: z.int().min(2).max(200).default(11).describe("images per row, both ends included"),
  split: splitSetting,
});

export function define(command: Command): void {
  addRunOptions(command, { settings: interpolateSettings, examples: true, output: true })
    .addHelpText(
      "after",
      `
Three rows per pair: linear and spherical interpolation of the codes and, for comparison, linear interpolation of
the examples themselves. A .npy file holds [3, pairs, steps, ...shape].

Examples:
  latentkit interpolate runs/vae-digits-1
  latentkit interpolate runs/vae-digits-1 --examples 3,17 --steps 9 --out path.png`,
    )
    .action(async (path: string, options: RunOptions) => {
      const given = givenSettings(interpolateSettings, options);
      const { examples, steps, split: wanted } = parseSettings(interpolateSettings, given);
      if (examples && examples.length % 2 === 1)
        throw new ConfigError(`--examples: not pairs, got ${examples.length} examples, expected an even number`);
      const loaded = await optionRun(path, options, imageGridKinds);
      const { split, data, splitName } = await optionExamples(loaded, options, wanted);
      const places = examples ?? variedPlaces(split, 8);
      const grid = await interpolationGrid(loaded.trained, pickedExamples(split, places, "--examples"), steps);
      const all = new Float32Array(3 * grid.sets[0]!.length);
      grid.sets.forEach((set, i) => all.set(set, i * set.length));
      await finishImageGrid(grid, options, {
        title: `interpolations: ${interpolationPaths.join(", ")}`,
        file: samplesFile(path, "interpolation.png"),
        units: loaded.run.info.data,
        details: {
          run: path,
          step: loaded.step,
          data,
          split: splitName,
          examples: places,
          steps,
          paths: interpolationPaths,
        },
        numbers: { shape: [3, places.length / 2, steps, ...grid.shape], values: all },
      });
    });
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
