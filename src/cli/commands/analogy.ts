import type { Command } from "commander";
import { z } from "zod";
import { exampleSize } from "../../data/dataset.ts";
import { ConfigError, DataError } from "../../errors.ts";
import { classMeans } from "../../latent/code-arithmetic.ts";
import { nearestName } from "../../nearest-name.ts";
import { analogyGrid, type Term } from "../../runs/pictures/latent-grids.ts";
import type { TrainedModel } from "../../evaluation/trained-model.ts";
import { quoted } from "../../serialization/quoted.ts";
import { finishImageGrid, samplesFile, imageGridKinds } from "../output/write-output.ts";
import { addRunOptions, optionRun, type RunOptions } from "../options/run-command.ts";
import { optionPoints, pointSettings, type PointSource } from "../options/latent-points.ts";
import { givenSettings, parseSettings } from "../options/settings.ts";

const analogySettings = z.strictObject({
  strengths: z
    .array(z.number().min(-100).max(100))
    .min(1)
    .max(100)
    .default([0, 0.25, 0.5, 0.75, 1])
    .describe("factors on a - b"),
  ...pointSettings,
});

/** Examples that the mean code of a class is taken over, at most. */
const classExamples = 1000;

export function define(command: Command): void {
  addRunOptions(command, { settings: analogySettings, examples: true, output: true, condition: true })
    .argument(
      "<a>",
      "a point, by index in the split, among the samples or in the file, or class:NAME for the mean code of a class",
    )
    .argument("<b>", "a point or class, subtracted from a")
    .argument("<c...>", "points or classes that a - b is added to, one row each")
    .addHelpText(
      "after",
      `
A row shows a, b and c, then the decoded codes c + strength (a - b). With two classes, a - b is an attribute vector. Classes
are of encoded examples; sample i of --from prior is the i-th of latentkit sample --show means with the same --seed.

Examples:
  latentkit analogy runs/vae-digits-1 12 4 30
  latentkit analogy runs/vae-digits-1 class:8 class:3 5 18 22 --strengths 0,0.5,1,1.5
  latentkit analogy runs/gan-digits-1 3 11 40 --from prior`,
    )
    .action(async (path: string, a: string, b: string, c: readonly string[], options: RunOptions) => {
      const { strengths, ...from } = parseSettings(analogySettings, givenSettings(analogySettings, options));
      const loaded = await optionRun(path, options, imageGridKinds);
      const { trained, step } = loaded;
      const source = await optionPoints(loaded, options, from);
      const termOf = (text: string): Promise<Term> => term(trained, source, text);
      const terms = [];
      for (const text of [a, b, ...c]) terms.push(await termOf(text));
      const [first, second, ...rest] = terms as [Term, Term, ...Term[]];
      const grid = await analogyGrid(trained, { a: first, b: second, c: rest, strengths });
      await finishImageGrid(grid, options, {
        title: "a, b, c, and c + strength (a - b)",
        file: samplesFile(path, "analogy.png"),
        units: loaded.run.info.data,
        details: {
          run: path,
          step,
          ...source.details,
          label: options.label,
          condition: options.condition,
          a,
          b,
          c,
          strengths,
        },
        numbers: { shape: [c.length, 3 + strengths.length, ...grid.shape], values: grid.sets[0]! },
        terminalRows: c.length,
      });
    });
}

/** A point, or the mean code of a class and what it decodes to. */
async function term(trained: TrainedModel, source: PointSource, text: string): Promise<Term> {
  const { split } = source;
  const named = /^class:(.*)$/s.exec(text)?.[1];
  if (named === undefined) {
    if (!/^\d{1,9}$/.test(text))
      throw new ConfigError(
        `analogy: neither an example nor a class, got ${quoted(text)}, expected an index ${split ? "in the split" : "of a point"} or class:NAME`,
      );
    const place = Number(text);
    const { codes: code, examples: picture } = await source.pick([place], "analogy");
    const label = split?.dataset.labels?.[split.indices[place]!];
    return { code, picture, ...(label !== undefined && { label }) };
  }
  if (!split)
    throw new ConfigError(
      `analogy: the mean code of a class is of encoded examples, got ${quoted(text)} of other points, expected an index`,
    );
  const { dataset } = split;
  if (!dataset.labels || !dataset.classNames)
    throw new DataError(`${dataset.name}: no labels, got none, expected them for class:${quoted(named)}`);
  const label = dataset.classNames.indexOf(named);
  const members = split.indices.filter((i) => dataset.labels![i] === label).subarray(0, classExamples);
  if (members.length === 0) {
    const nearest = nearestName(named, dataset.classNames);
    throw new ConfigError(
      `analogy: no examples of the class, got ${quoted(named)}, expected one of ${dataset.classNames.join(", ")}${nearest ? `; did you mean ${nearest}?` : ""}`,
    );
  }
  const { means } = await trained.codes({ dataset, indices: members });
  const code = classMeans(means, new Uint8Array(members.length), 1);
  const decoder = trained.model.condition?.required && !trained.isGiven ? trained.given({ class: [label] }) : trained;
  const picture = (await decoder.decode(code)).subarray(0, exampleSize(dataset));
  return { code, picture, label };
}
